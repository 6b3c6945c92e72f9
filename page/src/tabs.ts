// One tab works, the others look on: two would number the same events.

const NAME = "surefoot-room";

/**
 * Tries to become the tab that works.
 *
 * @param how - `ask` for it, or `take` it from the one that has it.
 * @param lost - Called when another tab takes it.
 * @returns Whether this tab works now.
 */
export function hold(how: "ask" | "take", lost: () => void): Promise<boolean> {
  // Browsers have locks over secure connections and on this computer only. Without
  // them two tabs still lose nothing: the outbox gives what collides new numbers.
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const options = how === "take" ? { steal: true } : { ifAvailable: true };
    navigator.locks
      .request(NAME, options, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise<never>(() => undefined) : undefined;
      })
      .catch(lost);
  });
}
