#pragma once

namespace reeve::client {

/// The page's style sheet: light and dark by the reader's choice, no font or image from elsewhere.
inline constexpr const char* kReportStyle = R"css(
:root{color-scheme:light dark;--ground:#faf7f2;--card:#fff;--ink:#26211b;--soft:#786f63;--line:#e5ddd0;--accent:#a4501f;
--good:#2f7d4f;--bad:#c0392b;--o0:#3b7ea1;--o1:#d08a2e;--o2:#7a5ea8;--o3:#4f9d69;--o4:#b8607a;--o5:#6b7a8f;--o6:#9a8c2c;--o7:#2f8f8f}
@media(prefers-color-scheme:dark){:root{--ground:#16140f;--card:#201d17;--ink:#efe8dc;--soft:#a79c8b;--line:#38332a;
--accent:#e8a15f;--good:#6cc792;--bad:#ff7a68;--o0:#63aed3;--o1:#e6ab57;--o2:#a78bd8;--o3:#77c690;--o4:#e08aa4;--o5:#96a6bc;--o6:#c7b850;--o7:#57bcbc}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1120px;margin:0 auto;padding:40px 24px 72px}
h1,h2{font-family:Georgia,"Iowan Old Style","Times New Roman",serif;font-weight:600;line-height:1.2;margin:0}
h1{font-size:2.5rem;letter-spacing:-.01em}
h2{font-size:1.5rem;margin:56px 0 6px}
p{margin:0}
.lead{color:var(--soft);font-size:1.08rem;margin-top:6px}
.note{color:var(--soft);margin-bottom:18px;max-width:46em}
.hero{margin:28px 0 0;border-radius:14px;overflow:hidden;border:1px solid var(--line);background:#000}
.hero img,.hero video{display:block;width:100%}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;background:var(--line);border:1px solid var(--line);
border-radius:12px;overflow:hidden;margin:20px 0 0}
.facts div{background:var(--card);padding:12px 16px}
dt,.facts dt{color:var(--soft);font-size:.8rem;letter-spacing:.02em}
dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.frames{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:10px}
.frames a{position:relative;display:block;border-radius:8px;overflow:hidden;border:1px solid var(--line)}
.frames img{display:block;width:100%}
.frames span{position:absolute;left:8px;bottom:6px;color:#fff;font-size:.75rem;text-shadow:0 1px 3px #000}
a{color:var(--accent)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;overflow-x:auto}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;margin-bottom:12px;font-size:.88rem}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:7px;vertical-align:-1px}
svg{display:block;width:100%;min-width:640px;height:auto}
svg text{fill:var(--soft);font-size:12px;font-family:inherit}
svg .name{fill:var(--ink)}
svg .grid{stroke:var(--line);stroke-width:1}
.wrong{stroke:var(--bad);stroke-width:2.5}
.lost{opacity:.35}
.referee{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:3 2}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:18px}
figure{margin:0}
figcaption{font-size:.9rem;margin-top:7px;color:var(--soft)}
figcaption b{color:var(--ink)}
.seen{position:relative;border-radius:8px;overflow:hidden;border:1px solid var(--line)}
.seen img{display:block;width:100%}
.mark{position:absolute;outline:2px solid #fff;box-shadow:0 0 0 4px var(--bad),0 0 22px 8px rgba(0,0,0,.45);border-radius:1px}
.detail{margin-top:12px;width:100%;image-rendering:pixelated;border-radius:8px;border:1px solid var(--line);display:block}
.bad{color:var(--bad)}
.good{color:var(--good)}
.headline{font-size:1.08rem;font-weight:600;margin:4px 0 16px}
.evidence{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:18px 0 0;font-size:.94rem}
.evidence dd{font-weight:500;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.86rem;padding-top:1px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:9px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:500;font-size:.85rem}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}
tr:last-child td{border-bottom:0}
.zero{color:var(--soft);opacity:.6}
.ledger{margin-top:16px;padding:14px 18px;border-radius:12px;border:1px solid currentColor;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.95rem}
footer{margin-top:56px;color:var(--soft);font-size:.85rem}
@media(max-width:700px){.pair{grid-template-columns:1fr}h1{font-size:1.9rem}}
)css";

}  // namespace reeve::client
