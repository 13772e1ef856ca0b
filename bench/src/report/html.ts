// The report as one page: the answer first, then the plots, then everything it rests on. No script, no network.

import type { Report } from '../model/report.ts';
import type { Answer } from '../model/scenario.ts';
import { CANDIDATES } from './candidates.ts';
import { recommend } from './decide.ts';
import { goalsSection } from './goals-markup.ts';
import { environmentSection, methodSection, reproduceSection } from './html-method.ts';
import { scenarioMarkup } from './html-scenario.ts';
import { Markup, NOTHING, markup } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { PROFILES } from './profiles.ts';
import { questionParts } from './questions.ts';
import type { QuestionPart } from './questions.ts';
import { gapsOf, verdictText } from './recommend-text.ts';
import { warningsOf } from './warnings.ts';

const BADGES = { proved: 'proved', open: 'open' } as const;

function answerMarkup({ text, verdict, caveats }: Answer): Markup {
  const limits =
    caveats.length === 0
      ? NOTHING
      : markup`<ul class="small dim">
          ${caveats.map((caveat) => markup`<li>${caveat}</li>`)}
        </ul>`;
  return markup`<div class="answer">
    <p><span class="badge ${verdict}">${BADGES[verdict]}</span> ${text}</p>
    ${limits}
  </div>`;
}

function profilesSection(report: Report): Markup {
  const { cores } = report.environment;
  const cards = PROFILES.map(({ title, needs }) => {
    const found = recommend(report, needs(cores), CANDIDATES);
    const gaps = gapsOf(found).map((gap) => markup`<p class="small dim">${gap}</p>`);
    const sure = found.decidedBy === 'open' ? 'open' : 'proved';
    const take = found.choice === null ? markup`nothing yet` : markup`<code>${found.choice}</code>`;
    const label = { data: 'decided by data', capabilities: 'decided by capabilities', open: 'data does not decide' }[
      found.decidedBy
    ];
    return markup`<div class="card">
      <p class="if">${title}</p>
      <p class="take">${take} <span class="badge ${sure}">${label}</span></p>
      <p class="small">${verdictText(found)}</p>${gaps}
    </div>`;
  });
  return markup`<section id="which">
    <h2>Which lock to take</h2>
    <p>
      For the machine named above. <code>npx -y pnpm@12 bench recommend</code> asks the same of your own needs and your
      own report.
    </p>
    <div class="cards">${cards}</div>
  </section>`;
}

function questionLine({ id, title, answers, scenarios }: QuestionPart): Markup {
  const body =
    answers.length === 0
      ? markup`<p class="dim">This report does not answer it: what would was skipped, or had too few rounds.</p>`
      : answers.map(
          ({ headline, text, verdict }) =>
            markup`<p><span class="badge ${verdict}">${BADGES[verdict]}</span> ${headline ?? text}</p>`,
        );
  const name = markup`<b>${id ?? 'Beside'}</b> ${title}`;
  return markup`<li>${scenarios.length === 0 ? name : markup`<a href="#${id ?? 'other'}">${name}</a>`}${body}</li>`;
}

function questionSection(report: Report, { id, title, answers, scenarios }: QuestionPart): Markup {
  if (scenarios.length === 0) return NOTHING;
  return markup`<section id="${id ?? 'other'}">
    <h2>${id === null ? title : `${id}. ${title}`}</h2>
    ${answers.map(answerMarkup)}
    ${scenarios.map((info) => scenarioMarkup(report, info))}
  </section>`;
}

/** The page. Blocks: no. */
export function renderHtml(report: Report): string {
  const { environment } = report;
  const parts = questionParts(report);
  const links = parts.filter(({ scenarios }) => scenarios.length > 0);
  const warnings = warningsOf(report).map(
    ({ text, isGrave }) => markup`<p class="banner ${isGrave ? 'bad' : 'mild'}">${text}</p>`,
  );
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>Which lock? Lock strategies of a shared-memory pool, compared</title>
        <style>
          ${new Markup(PAGE_STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>Which lock for workers that share a pool?</h1>
          <p class="dim">
            Lock strategies of a compacting allocator in a SharedArrayBuffer, measured head to head: ${environment.cpu},
            ${environment.cores} cores, Node ${environment.node}, ${environment.date.slice(0, 10)}, commit
            ${environment.commit ?? 'unknown'}.
          </p>
          ${warnings}
        </header>
        <nav aria-label="Contents">
          <ul>
            <li><a href="#answers">Answers</a></li>
            <li><a href="#which">Which lock</a></li>
            ${links.map(({ id }) => markup`<li><a href="#${id ?? 'other'}">${id ?? 'Workloads'}</a></li>`)}
            <li><a href="#method">Method</a></li>
            <li><a href="#environment">Environment</a></li>
            <li><a href="#reproduce">Reproduce</a></li>
          </ul>
        </nav>
        <main>
          <section id="answers">
            <h2>The questions, answered</h2>
            <ul class="questions">
              ${parts.filter(({ id }) => id !== null).map(questionLine)}
            </ul>
            <p class="small dim">
              <b>proved</b>: intervals or tests on the rounds exclude the opposite; <b>open</b>: they do not. The figures behind each answer are below.
            </p>
          </section>
          ${profilesSection(report)}
          ${goalsSection(report)} ${parts.map((part) => questionSection(report, part))} ${methodSection(report)} ${environmentSection(report)}
          ${reproduceSection(report)}
        </main>
        <footer>Made by <code>npx -y pnpm@12 bench report</code> from a report of ${environment.date}.</footer>
      </body>
    </html> `;
  // The indentation of this file is none of the page's.
  return page.source.replace(/>\n\s*</g, '>\n<');
}
