export { waitFor as until } from "../../../test/support/wait-for.ts";
