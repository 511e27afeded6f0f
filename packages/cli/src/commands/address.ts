import { Argument, Command } from "commander";
import { dataOption } from "../connection.ts";
import { usageError } from "../errors.ts";
import { chooseHouse } from "../house/choose-server.ts";
import { JSON_OPTION, printJson, printLine, sayAside } from "../output/output.ts";
import { programsFor } from "../up/processes/programs.ts";

interface Options {
  readonly data?: string;
  readonly json?: boolean;
}

const OF = ["nats", ...programsFor(true)];

export const addressCommand = (): Command =>
  new Command("address")
    .addArgument(new Argument("[of]", "whose address").choices(OF).default("nats"))
    .addOption(dataOption())
    .option(...JSON_OPTION)
    .action(address);

/** Prints one line only, for `nats --server "$(mapek address)"`; the console's address contains its token. */
async function address(of: string, options: Options): Promise<void> {
  const house = await chooseHouse(options, sayAside);
  if (options.json) {
    printJson(house);
    return;
  }
  const url = of === "nats" ? house.nats_url : house.http[of];
  if (url === undefined) throw usageError(`the \`mapek up\` in ${house.data} runs without ${of}`);
  printLine(url);
}
