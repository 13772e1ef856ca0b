// The style sheet of the page. No web fonts, no images: one file, no network.
//
// Series colours after Okabe and Ito; darker on white, lighter on black, so that labels in them have a contrast of 4.5.

/** Colours as variables, for light and dark. */
export const COLORS = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1b1f24; --dim: #57606a; --line: #d4d9df; --panel: #f5f7f9;
  --grid: #e6e9ed; --context: #c2c9d1; --link: #0b5cad;
  --series-1: #0069a8; --series-2: #bd4b00; --series-3: #00785a; --series-4: #a3407c;
  --good: #00785a; --good-page: #e2f4ee; --open: #7a5200; --open-page: #fbf1d9; --bad: #b3261e; --bad-page: #fbe7e5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --text: #e4e7eb; --dim: #a2abb6; --line: #363d46; --panel: #1c2127;
    --grid: #2a3038; --context: #4d5661; --link: #7fb8f2;
    --series-1: #5cb8ee; --series-2: #f2a04a; --series-3: #3ccb9f; --series-4: #eb9fca;
    --good: #5ad6ae; --good-page: #12332a; --open: #ecc368; --open-page: #352a10; --bad: #ff9d94; --bad-page: #3f1a17;
  }
}
`;

/** Everything else. */
export const PAGE_STYLE: string = `${COLORS}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; overflow-wrap: break-word; }
main, header, nav, footer { max-width: 1140px; margin: 0 auto; padding: 0 18px; }
header { padding-top: 24px; }
#answers h2 { margin-top: 8px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 22px; line-height: 1.3; margin: 56px 0 12px; padding-top: 16px; border-top: 2px solid var(--line); }
h3 { font-size: 18px; line-height: 1.35; margin: 36px 0 8px; }
h4 { font-size: 15px; margin: 26px 0 4px; }
h5 { font-size: 14px; margin: 4px 0 2px; font-weight: 600; }
p, ul, ol, dl { margin: 8px 0; max-width: 76ch; }
ul { padding-left: 22px; }
a { color: var(--link); }
code { font: 0.92em ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
pre { background: var(--panel); padding: 10px 12px; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.dim { color: var(--dim); }
.small { font-size: 14px; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; max-width: none; }
.banner { border-left: 4px solid var(--open); background: var(--open-page); padding: 8px 14px; border-radius: 0 6px 6px 0; margin: 14px 0; max-width: 90ch; }
.banner.bad { border-color: var(--bad); background: var(--bad-page); }
.badge { display: inline-block; font-size: 13px; font-weight: 600; line-height: 1; padding: 4px 8px; border-radius: 99px; white-space: nowrap; }
.badge.proved { color: var(--good); background: var(--good-page); }
.badge.open { color: var(--open); background: var(--open-page); }
.answer { background: var(--panel); border-radius: 8px; padding: 10px 16px; margin: 12px 0; max-width: 90ch; }
.answer p { margin: 6px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(330px, 100%), 1fr)); gap: 14px; margin: 16px 0; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.card p { margin: 6px 0; }
.card .if { color: var(--dim); font-size: 15px; }
.card .take { font-size: 18px; font-weight: 600; }
.card .take code { font-size: 18px; margin-right: 4px; }
.questions { list-style: none; padding: 0; max-width: 90ch; }
.questions p { margin: 4px 0; }
.questions > li { padding: 7px 0; border-top: 1px solid var(--line); }
.questions > li:first-child { border-top: 0; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 10px 18px; }
.panel { min-width: 0; max-width: 400px; }
figure { margin: 10px 0; }
figcaption { color: var(--dim); font-size: 14px; max-width: 90ch; }
svg.plot { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
svg.plot text { white-space: pre; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--link); font-size: 15px; padding: 3px 0; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; margin: 8px 0; }
th, td { padding: 4px 9px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--dim); font-weight: 600; vertical-align: bottom; }
table.wrapped thead th { white-space: normal; }
td.left { text-align: left; }
td.best { background: var(--good-page); color: var(--good); font-weight: 700; }
td.tied { background: var(--panel); font-weight: 600; }
tr.peer td, tr.peer th { font-style: italic; color: var(--dim); }
tbody th { font-weight: 400; position: sticky; left: 0; background: var(--page); }
.tables { display: flex; flex-wrap: wrap; gap: 4px 40px; }
.tables > div { min-width: 0; max-width: 100%; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 16px; max-width: none; }
dl.facts dt { color: var(--dim); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-bottom: 40px; color: var(--dim); font-size: 14px; }
@media (max-width: 520px) {
  main, header, nav, footer { padding-left: 14px; padding-right: 14px; }
  h1 { font-size: 24px; }
  h2 { font-size: 20px; }
  table { font-size: 13px; }
  th, td { padding: 4px; }
  dl.facts { grid-template-columns: minmax(0, 1fr); }
  dl.facts dd { margin-bottom: 6px; }
}
@media print { details { display: block; } }
`;
