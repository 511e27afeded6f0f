/** Wraps an error reporter so that an error that it throws itself cannot stop its caller. */
export function contained(onError: (error: Error) => void): (error: Error) => void {
  return (error) => {
    try {
      onError(error);
    } catch {
      // An error of the reporter itself has no other reporter.
    }
  };
}
