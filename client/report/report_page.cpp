#include "client/report/report_page.h"

#include "client/report/html_text.h"
#include "client/report/report_style.h"
#include "client/report/timeline.h"

namespace reeve::client {
namespace {

std::string element(const std::string& tag, const std::string& attributes, const std::string& text) {
  return "<" + tag + (attributes.empty() ? "" : " " + attributes) + ">" + escape_html(text) + "</" + tag +
         ">";
}

std::string image(const std::string& path, const std::string& description,
                  const std::string& attributes = "") {
  return "<img src=\"" + escape_path(path) + "\" alt=\"" + escape_html(description) + "\"" +
         (attributes.empty() ? "" : " " + attributes) + ">";
}

std::string render_facts(const std::vector<ReportFact>& facts, const char* css_class, bool boxed) {
  if (facts.empty()) return "";
  std::string html = std::string("<dl class=\"") + css_class + "\">";
  for (const ReportFact& fact : facts) {
    const std::string entry = element("dt", "", fact.label) + element("dd", "", fact.value);
    html += boxed ? "<div>" + entry + "</div>" : entry;
  }
  return html + "</dl>";
}

std::string render_head(const ReportPage& page) {
  std::string html = "<header>" + element("h1", "", page.title) +
                     element("p", "class=\"lead\"", page.subtitle) + "</header>";
  if (!page.video.empty()) {
    const std::string poster =
        page.frames.empty() ? "" : " poster=\"" + escape_path(page.frames[0].image) + "\"";
    html += "<div class=\"hero\"><video controls loop muted playsinline" + poster + " src=\"" +
            escape_path(page.video) + "\"></video></div>";
  } else if (!page.frames.empty()) {
    html += "<div class=\"hero\">" + image(page.frames[page.frames.size() / 2].image, "A frame of the job") +
            "</div>";
  }
  return html + render_facts(page.summary, "facts", true);
}

std::string render_frames(const ReportPage& page) {
  if (page.frames.empty()) return "";
  std::string html =
      "<section><h2>Frames</h2><p class=\"note\">Each frame was cut into tiles; each tile is a task, and its "
      "root is checked before it is paid.";
  if (!page.contact_sheet.empty()) {
    html += " All on one sheet: <a href=\"" + escape_path(page.contact_sheet) + "\">contact sheet</a>.";
  }
  html += "</p><div class=\"frames\">";
  for (const ReportFrame& frame : page.frames) {
    const std::string name = "Frame " + std::to_string(frame.number);
    html += "<a href=\"" + escape_path(frame.image) + "\">" + image(frame.image, name, "loading=\"lazy\"") +
            element("span", "", name) + "</a>";
  }
  return html + "</div></section>";
}

std::string render_work(const ReportPage& page) {
  if (page.agents.empty()) return "";
  return "<section><h2>Who did what, when</h2><p class=\"note\">A row for each agent, a bar for each "
         "attempt, a colour for each owner. "
         "Point at a bar to see its task.</p>" +
         render_timeline(page.agents) + "</section>";
}

/// A box over the differing leaf, in per cent of the image, at least large enough to be seen.
std::string render_mark(const ReportLeaf& leaf) {
  if (leaf.image_width == 0 || leaf.image_height == 0) return "";
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return format_number(100 * static_cast<double>(part) / static_cast<double>(whole), 3) + "%";
  };
  return "<span class=\"mark\" style=\"left:" + share(leaf.x, leaf.image_width) +
         ";top:" + share(leaf.y, leaf.image_height) + ";width:" + share(leaf.width, leaf.image_width) +
         ";height:" + share(leaf.height, leaf.image_height) + "\"></span>";
}

std::string render_view(const std::string& path, const std::string& detail, const ReportLeaf& leaf,
                        const std::string& name, const std::string& says) {
  std::string html = "<figure><div class=\"seen\">" + image(path, name) + render_mark(leaf) + "</div>";
  if (!detail.empty()) html += image(detail, name + ", enlarged", "class=\"detail\"");
  return html + "<figcaption><b>" + escape_html(name) + "</b> " + escape_html(says) +
         "</figcaption></figure>";
}

std::string render_cheat(const ReportPage& page) {
  if (!page.cheat) return "";
  const ReportCheat& cheat = *page.cheat;
  return "<section><h2>The cheat</h2><p class=\"note\">Two owners returned different roots for one task. The "
         "first leaf in which "
         "they differ was recomputed by a referee; the box marks it.</p><div class=\"card\">" +
         element("p", "class=\"headline bad\"", cheat.headline) + "<div class=\"pair\">" +
         render_view(cheat.cheat_image, cheat.cheat_detail, cheat.leaf, "What the cheat handed in",
                     "the leaf that convicted it is marked") +
         render_view(cheat.true_image, cheat.true_detail, cheat.leaf, "What is true",
                     "agreed by honest owners and the referee") +
         "</div>" + render_facts(cheat.evidence, "evidence", false) + "</div></section>";
}

std::string amount(std::int64_t micro_credits) {
  return element("td", micro_credits == 0 ? "class=\"zero\"" : "", format_credits(micro_credits));
}

std::string render_accounts(const ReportPage& page) {
  std::string html;
  if (!page.accounts.empty()) {
    html +=
        "<section><h2>Accounts</h2><p class=\"note\">In credits. Earned pay is held until it can no longer "
        "be contested, then vested. A conviction slashes the stake and takes back what was still "
        "held.</p><div "
        "class=\"card\"><table><thead><tr><th>Owner</th>"
        "<th>Standing</th><th>Earned</th><th>Held</th><th>Vested</th><th>Slashed</th><th>Stake</th></tr></"
        "thead><tbody>";
    for (const ReportAccount& account : page.accounts) {
      html += "<tr>" + element("td", "", account.owner) +
              element("td", account.convicted ? "class=\"bad\"" : "class=\"good\"", account.standing) +
              amount(account.earned) + amount(account.held) + amount(account.vested) +
              amount(account.slashed) + amount(account.stake) + "</tr>";
    }
    html += "</tbody></table></div></section>";
  }
  if (!page.ledger_line.empty()) {
    html += element("p", page.ledger_verified ? "class=\"ledger good\"" : "class=\"ledger bad\"",
                    page.ledger_line);
  }
  return html;
}

}  // namespace

std::string render_report_html(const ReportPage& page) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">" +
         element("title", "", page.title) + "<style>" + kReportStyle + "</style></head>\n<body><main>" +
         render_head(page) + "\n" + render_frames(page) + "\n" + render_work(page) + "\n" +
         render_cheat(page) + "\n" + render_accounts(page) +
         "\n<footer>Made by Reeve. This page needs no network.</footer></main></body></html>\n";
}

}  // namespace reeve::client
