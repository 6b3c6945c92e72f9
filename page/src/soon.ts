// Does later what need not be done at once, a little at a time.
//
// A key that is pressed meanwhile waits for one slice at most.

const SLICE_MS = 8;
const tasks: (() => void)[] = [];
let isRunning = false;

/** Does a task after those that wait already. */
export function soon(task: () => void): void {
  tasks.push(task);
  if (isRunning) return;
  isRunning = true;
  setTimeout(work);
}

function work(): void {
  const end = performance.now() + SLICE_MS;
  while (tasks.length && performance.now() < end) tasks.shift()?.();
  isRunning = tasks.length > 0;
  if (isRunning) setTimeout(work);
}
