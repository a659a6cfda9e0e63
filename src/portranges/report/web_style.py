"""The style sheet of a web page: light and dark, narrow and wide, on a screen and on paper."""

from __future__ import annotations

STYLE = """\
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1b2127; --soft: #56616c; --line: #d8dee4; --box: #f4f6f8;
  --accent: #0b5cad; --warn: #9a4a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --ink: #e6edf3; --soft: #a2adb8; --line: #353d46; --box: #1a2028;
    --accent: #84bdff; --warn: #ffb469;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: break-word;
}
main, footer { width: min(46rem, 100% - 2.5rem); margin: 0 auto; }
main { padding-top: 2.5rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 2.5rem; letter-spacing: -0.02em; }
h2 { font-size: 1.4rem; margin-top: 2.75rem; }
h3 { font-size: 1.1rem; margin-top: 1.75rem; }
h4 { font-size: 1rem; margin-top: 1.25rem; }
p, ul, dl { margin: 0.75rem 0; }
ul { padding-left: 1.25rem; }
li { margin: 0.4rem 0; }
a { color: var(--accent); text-underline-offset: 0.15em; }
.answer { font-size: 1.35rem; line-height: 1.45; margin-top: 1rem; text-wrap: pretty; }
figure { margin: 1.5rem 0; }
figure svg { display: block; width: min(100%, 36rem); height: auto; }
.facts { margin: 1.5rem 0; border-top: 1px solid var(--line); }
.facts div {
  display: grid; grid-template-columns: 8.5rem 1fr; padding: 0.5rem 0;
  border-bottom: 1px solid var(--line);
}
dt { color: var(--soft); }
dd { margin: 0; }
.source {
  color: var(--soft); font-size: 0.8125rem; line-height: 1.4; overflow-wrap: anywhere;
}
.source a { color: inherit; display: inline-block; }
.warning { border-left: 0.25rem solid var(--warn); list-style: none; padding-left: 1rem; }
.scroll, pre { overflow-x: auto; }
.scroll { margin: 0.75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
caption {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
th, td {
  text-align: left; vertical-align: top; padding: 0.45rem 1rem 0.45rem 0;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums;
}
thead th { color: var(--soft); font-weight: normal; }
tbody th { font-weight: 600; }
pre {
  margin: 0.9rem 0 0; padding: 0.6rem 0.8rem; background: var(--box); border-radius: 0.3rem;
  font: 0.9375rem/1.5 ui-monospace, monospace;
}
pre + p { margin-top: 0.3rem; color: var(--soft); font-size: 0.9375rem; }
pre code { font: inherit; }
p code {
  font: 0.9em ui-monospace, monospace; background: var(--box); padding: 0.1em 0.3em;
  border-radius: 0.2rem;
}
.range { white-space: nowrap; }
details table { font-size: 0.875rem; }
details td:last-child { min-width: 15rem; }
summary { cursor: pointer; color: var(--accent); margin: 0.9rem 0; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
article h2 { font-size: 1.7rem; }
article .answer { font-size: 1.15rem; }
article { border-top: 2px solid var(--line); margin-top: 3rem; }
footer {
  margin-top: 4rem; padding-top: 1rem; padding-bottom: 2.5rem;
  border-top: 1px solid var(--line); color: var(--soft); font-size: 0.875rem;
}
@media (max-width: 30rem) {
  body { font-size: 1rem; }
  h1 { font-size: 2rem; }
  .answer { font-size: 1.2rem; }
  .facts div { grid-template-columns: 1fr; }
  th, td { padding-right: 0.75rem; }
  table { font-size: 0.875rem; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --box: #fff; --accent: #000;
    --warn: #000;
  }
  :root { font-size: 10pt; }
  body { font-size: 1rem; }
  h2, footer { margin-top: 2rem; }
  main, footer { width: auto; padding: 0.5rem 0 0; }
  h1, h2, h3, h4, summary { break-after: avoid; }
  li, tr, pre, .facts div { break-inside: avoid; }
  .scroll, pre { overflow: visible; }
  details td:last-child { min-width: 0; width: 50%; }
  pre { white-space: pre-wrap; border: 1px solid var(--line); }
}
"""
