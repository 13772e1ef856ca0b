// The end of the page: how it was measured, on what, and how to do it again.

import type { Report } from '../model/report.ts';
import { CANDIDATES } from './candidates.ts';
import { capabilitiesTable } from './html-tables.ts';
import { NOTHING, markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { environmentFacts, methodSentences, reproduceCommand } from './method.ts';

export function methodSection(report: Report): Markup {
  const subjects = report.subjects.map(
    ({ id, kind, title }) => markup`<li><code>${id}</code>${kind === 'strategy' ? '' : ` (${kind})`}: ${title}</li>`,
  );
  return markup`<section id="method">
    <h2>Method</h2>
    <ul>
      ${methodSentences(report).map((sentence) => markup`<li>${sentence}</li>`)}
    </ul>
    <h3>What is compared</h3>
    <ul>
      ${subjects}
    </ul>
    <h3>What each strategy can do</h3>
    ${capabilitiesTable(CANDIDATES)}
  </section>`;
}

export function environmentSection(report: Report): Markup {
  const facts = environmentFacts(report).map(
    ([name, value]) =>
      markup`<dt>${name}</dt>
        <dd>${value}</dd>`,
  );
  const { checks } = report;
  const failures = checks.failures.length === 0 ? NOTHING : markup`<pre>${checks.failures.join('\n')}</pre>`;
  return markup`<section id="environment">
    <h2>Environment</h2>
    <dl class="facts">${facts}</dl>
    ${failures}
  </section>`;
}

export function reproduceSection(report: Report): Markup {
  return markup`<section id="reproduce">
    <h2>Reproduce</h2>
    <p>
      At commit <code>${report.environment.commit ?? 'unknown'}</code>, with Node 20.19 or later and nothing else
      installed:
    </p>
    <pre><code>${reproduceCommand(report)}</code></pre>
    <p>
      Then <code>npx -y pnpm@12 bench compare THIS.json YOURS.json</code> says what differs, and how surely. The raw
      numbers of every round are in the JSON file beside this page.
    </p>
  </section>`;
}
