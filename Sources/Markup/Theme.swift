/// The stylesheets of Lectern's pages: constants, so that they can stand inside a page or be served beside it.
///
/// One calm column, system fonts, figures that line up, light and dark by the reader's preference, fit for print. The
/// six emotion colours follow Okabe and Ito's palette for colour-blind readers.
package enum Theme {
  package static let all: [StaticString] = [base, charts]

  /// The classes of a stacked bar's parts, in their order: of the part, and of the number that is printed on it.
  /// `charts` colours them.
  static let parts: [(fill: StaticString, number: StaticString)] = [
    ("part0", "on0"), ("part1", "on"), ("part2", "on"), ("part3", "on"), ("part4", "on"), ("part5", "on"),
  ]

  /// Colours, typography and page structure.
  package static let base: StaticString = """
    :root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d2329;--muted:#5c6670;--rule:#e3e1da;--grid:#e9e7e1;--accent:#0b5f93;--soft:#cfe3f1;--warn-ink:#6b3d00;--warn-paper:#fff4dd;--warn-rule:#e0a83a}
    @media (prefers-color-scheme:dark){:root{--paper:#14171b;--card:#1b1f25;--ink:#e6e8ea;--muted:#a2abb4;--rule:#2e353d;--grid:#2a3037;--accent:#78bdec;--soft:#24445b;--warn-ink:#ffd894;--warn-paper:#31260f;--warn-rule:#8a6412}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    main,header.page,footer.page{max-width:58rem;margin:0 auto;padding:0 1.5rem}
    header.page{padding-top:3rem;padding-bottom:1rem}
    footer.page{padding-top:2rem;padding-bottom:3rem;color:var(--muted);font-size:.875rem}
    h1{font-size:2rem;line-height:1.2;letter-spacing:-.015em;font-weight:650;margin:.25rem 0 .75rem;text-wrap:balance}
    h2{font-size:1.3rem;line-height:1.3;letter-spacing:-.01em;font-weight:620;margin:0 0 .5rem}
    h3{font-size:1rem;font-weight:620;margin:1.25rem 0 .25rem}
    p{margin:.5rem 0;max-width:44rem}
    a{color:var(--accent);text-underline-offset:.15em}
    a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
    code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
    .eyebrow{color:var(--muted);font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;margin:0}
    .lead{color:var(--muted);margin:0}
    .isolate{unicode-bidi:isolate}
    section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1.5rem;margin:1.25rem 0}
    section>p:last-child{margin-bottom:0}
    .banner{background:var(--warn-paper);color:var(--warn-ink);border:1px solid var(--warn-rule);border-left-width:6px;border-radius:10px;padding:1rem 1.25rem;margin:1.25rem 0;font-size:1.05rem}
    .banner p{margin:.25rem 0;max-width:none}
    .banner strong{font-weight:650}
    .facts{display:grid;grid-template-columns:repeat(3,1fr);gap:1.25rem 1.5rem;margin:0 0 1.25rem}
    .facts div{min-width:0}
    .facts dt{color:var(--muted);font-size:.85rem}
    .facts dd{margin:0;font-size:1.6rem;line-height:1.25;font-weight:600;letter-spacing:-.01em}
    .facts small{display:block;font-size:.8rem;line-height:1.35;font-weight:400;color:var(--muted);letter-spacing:0}
    .meta{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0 0;font-size:.9rem}
    .meta dt{color:var(--muted)}
    .meta dd{margin:0}
    .notes{margin:.5rem 0;padding-left:1.1rem;max-width:46rem}
    .notes li{margin:.3rem 0}
    .formula{font-family:"STIX Two Math","Cambria Math",Georgia,serif;font-size:1.05rem;margin:.35rem 0 .35rem 1rem}
    .list{list-style:none;margin:0;padding:0}
    .list li{border-top:1px solid var(--rule);padding:.85rem 0}
    .list li:first-child{border-top:0;padding-top:0}
    .list li:last-child{padding-bottom:0}
    .list a.title{font-weight:600;font-size:1.1rem}
    .list p{color:var(--muted);font-size:.9rem;margin:.15rem 0 0}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;font-size:.875rem;line-height:1.4;margin:.5rem 0;min-width:100%}
    caption{text-align:left;color:var(--muted);padding:.25rem 0}
    th,td{text-align:right;padding:.35rem .75rem;border-bottom:1px solid var(--rule);white-space:nowrap}
    th:first-child{text-align:left;padding-left:0;white-space:normal;min-width:10rem}
    thead th{font-weight:600;border-bottom:2px solid var(--rule)}
    tbody th{font-weight:400}
    @media (max-width:40rem){main,header.page,footer.page{padding-left:1rem;padding-right:1rem}header.page{padding-top:1.75rem}h1{font-size:1.6rem}section{padding:1.1rem 1rem}.facts{grid-template-columns:1fr 1fr}.meta{grid-template-columns:1fr}.meta dd{margin-bottom:.4rem}}
    @media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--muted:#444;--rule:#bbb;--grid:#ddd;--accent:#0b5f93;--soft:#cfe3f1;--warn-ink:#000;--warn-paper:#fff;--warn-rule:#000}body{font-size:10.5pt}section{border:0;padding:0;margin:1.5rem 0}figure,.banner,.facts,tr{break-inside:avoid}h2,h3{break-after:avoid}main,header.page,footer.page{max-width:none;padding:0}details::details-content{content-visibility:visible;display:block}.scroll{overflow:visible}}

    """

  /// Figures and the marks of charts.
  package static let charts: StaticString = """
    figure{margin:1rem 0 0}
    figcaption{color:var(--muted);font-size:.875rem;margin:.5rem 0;max-width:44rem}
    details{font-size:.875rem;margin:.25rem 0 0}
    summary{cursor:pointer;color:var(--accent);width:max-content}
    .chart{display:block;width:100%;height:auto;font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
    .chart.narrow{display:none;max-width:26rem}
    .chart text{fill:var(--ink)}
    .chart text.tick{fill:var(--muted);font-size:12px}
    .chart text.label,.chart text.muted{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
    .chart text.value{font-weight:600}
    .chart text.muted{fill:var(--muted)}
    .chart text.on,.chart text.on0{font-size:11.5px;fill:#14171b}
    .chart text.on0{fill:#fff}
    .chart .grid{stroke:var(--grid)}
    .chart .divide{stroke:var(--rule);stroke-dasharray:2 3}
    .chart .reference{stroke:var(--muted);stroke-width:1.5;stroke-dasharray:5 3}
    .chart .over{stroke:var(--ink);stroke-dasharray:none;stroke-width:2}
    .chart .whisker{stroke:var(--accent);stroke-width:1.75}
    .chart .dot{fill:var(--accent);stroke:var(--card);stroke-width:1.5}
    .chart .band{fill:var(--soft)}
    .chart .bar{fill:var(--accent)}
    .part0{fill:#0072b2}.part1{fill:#a8adb3}.part2{fill:#e69f00}.part3{fill:#d584b0}.part4{fill:#6cbfee}.part5{fill:#1fae86}
    .hatch{stroke:#14171b;stroke-opacity:.28;stroke-width:1;fill:none}
    .line0,.line1,.line2{stroke-width:2;fill:none;stroke-linecap:round}
    .line0{stroke:var(--accent)}.line1{stroke:#d2558f;stroke-dasharray:5 4}.line2{stroke:#1a9c78;stroke-dasharray:1 4}
    .faint{stroke-width:1.25;stroke-opacity:.5}
    .mark0,.mark1,.mark2{stroke:var(--card);stroke-width:1}
    .mark0{fill:var(--accent)}.mark1{fill:#d2558f}.mark2{fill:#1a9c78}
    .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0 0 .75rem;padding:0;font-size:.875rem;color:var(--muted)}
    .swatch{width:.85rem;height:.85rem;vertical-align:-.1em}
    .swatch.long{width:1.75rem}
    .key{display:inline-block;vertical-align:middle;margin-right:.15rem}
    .key.dot{width:.7rem;height:.7rem;border-radius:50%;background:var(--accent)}
    .key.whisker{width:1.6rem;height:.55rem;border:solid var(--accent);border-width:0 2px;background:linear-gradient(var(--accent),var(--accent)) center/100% 2px no-repeat}
    .key.band{width:1.6rem;height:.75rem;border-radius:3px;background:var(--soft)}
    .key.bar{width:1.2rem;height:.75rem;border-radius:2px;background:var(--accent)}
    .key.reference{width:0;height:1rem;border-left:2px dashed var(--muted);margin:0 .35rem}
    @media (max-width:46rem){.chart.wide{display:none}.chart.narrow{display:block}}
    @media print{.chart.wide{display:block}.chart.narrow{display:none}.part0,.part1,.part2,.part3,.part4,.part5,.bar,.band,.key{print-color-adjust:exact;-webkit-print-color-adjust:exact}}

    """
}
