/** Style sheet of the page: light or dark by the reader's setting, always light on paper. */
export const STYLE = `
:root { --paper: #fcfcfb; --ink: #1b1d1f; --quiet: #5c6268; --line: #dfe1e0; --samples: #2f6db3; --threshold: #b4530a;
  --anomaly: #d03b3b; --change: #6b4fa0; --tile: #f1f2f1; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #17191b; --ink: #e8eaea; --quiet: #a2a8ad; --line: #33373a; --samples: #6ea8e6; --threshold: #f0a04b;
    --anomaly: #f07070; --change: #b59df0; --tile: #212427; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1080px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 19px; margin: 40px 0 0; } h3 { font-size: 15px; margin: 24px 0 6px; }
p { margin: 4px 0; } .quiet, small, dt, figcaption { color: var(--quiet); } small { font-size: 13px; font-weight: 400; }
dl { margin: 0; } dd { margin: 0; font-variant-numeric: tabular-nums; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 16px 0; }
.tiles div { background: var(--tile); border-radius: 8px; padding: 10px 14px; } .tiles dd { font-size: 21px; font-weight: 600; }
.tiles dt, .figures dt { font-size: 13px; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(135px, 1fr)); gap: 6px 16px; }
.chosen dd { font-weight: 700; color: var(--threshold); } .chosen dd::after { content: " ✓"; }
figure { margin: 8px 0; } svg { width: 100%; min-width: 640px; height: auto; display: block; }
figcaption { font-size: 13px; margin-left: 5%; }
.grid { stroke: var(--line); stroke-width: 1; } .tick { fill: var(--quiet); font-size: 12px; }
path.samples { fill: none; stroke: var(--samples); stroke-width: 1.4; stroke-linejoin: round; }
path.threshold { fill: none; stroke: var(--threshold); stroke-width: 2; stroke-linejoin: round; } path.proposed { stroke-dasharray: 7 5; }
line.change { stroke: var(--change); stroke-width: 2; stroke-dasharray: 2 4; }
rect.ahead { fill: var(--tile); } rect.anomaly { fill: var(--anomaly); opacity: 0.22; } circle.peak { fill: var(--anomaly); }
.key { display: inline-block; width: 18px; margin: 0 5px 3px 14px; vertical-align: middle; border-top: 2px solid; }
.key.samples { border-color: var(--samples); } .key.threshold { border-color: var(--threshold); }
.key.proposed { border-color: var(--threshold); border-top-style: dashed; } .key.change { border-color: var(--change); border-top-style: dotted; }
.key.anomaly { border: 0; height: 11px; background: var(--anomaly); opacity: 0.5; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 500; white-space: nowrap; } td { font-variant-numeric: tabular-nums; white-space: nowrap; }
td:last-child { white-space: normal; min-width: 200px; }
summary { cursor: pointer; color: var(--quiet); margin: 10px 0 6px; }
@media print { body { max-width: none; padding: 0; } section { break-before: page; } section:first-of-type { break-before: auto; }
  figure, tr, .tiles { break-inside: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
