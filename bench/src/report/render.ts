// `bench report`: makes the page and the Markdown from a report's JSON.
export { renderHtml } from './html.ts';
