// Where in the code under test an operation was called: the nearest stack frame outside of the explorer.

const OWN_DIRECTORY = new URL('.', import.meta.url).href;
const OWN_PATH = decodeURI(OWN_DIRECTORY.replace(/^file:\/\//, ''));

/** `file:line` of the caller, shortened to the file's last two path segments; '' where the engine gives no stack. */
export function callerSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const stack = new Error('where').stack ?? '';
  Error.stackTraceLimit = limit;
  for (const line of stack.split('\n').slice(1)) {
    const match = /((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):\d+\)?$/.exec(line.trim());
    if (match === null) continue;
    const file = match[1]!;
    if (file.startsWith(OWN_DIRECTORY) || file.startsWith(OWN_PATH)) continue;
    return `${file.split(/[\\/]/).slice(-2).join('/')}:${match[2]}`;
  }
  return '';
}
