// Where in the code under test an operation was called: the nearest stack frame outside of the explorer.

// Source maps may show the built files as the sources they come from.
const OWN_DIRECTORIES = ['../src/', '../dist/'].flatMap((directory) => {
  const { href } = new URL(directory, import.meta.url);
  return [href, decodeURI(href.replace(/^file:\/\//, ''))];
});

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
    if (OWN_DIRECTORIES.some((directory) => file.startsWith(directory))) continue;
    return `${file.split(/[\\/]/).slice(-2).join('/')}:${match[2]}`;
  }
  return '';
}
