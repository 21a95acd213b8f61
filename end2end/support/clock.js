// Lets time pass for the programs of a test, whose development builds can run ahead of the computer's clock.
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function startClock() {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-clock-"));
  const file = join(folder, "ahead");
  let ahead = 0;
  return {
    /** The file with the number of seconds. */
    file,
    async advance({ days = 0, minutes = 0 }) {
      ahead += (days * 24 * 60 + minutes) * 60;
      // In one step, because the programs read the file at any time.
      await writeFile(`${file}.next`, String(ahead));
      await rename(`${file}.next`, file);
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}
