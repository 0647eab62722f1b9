#include "client/report/timeline.h"

#include <algorithm>
#include <cmath>

#include "client/report/html_text.h"

namespace reeve::client {
namespace {

constexpr double kWidth = 1040;
constexpr double kNames = 190;  // the column of names
constexpr double kRow = 30;
constexpr double kBar = 18;
constexpr double kAxis = 26;
constexpr std::size_t kColours = 8;

const char* class_of(AttemptEnd end) {
  switch (end) {
    case AttemptEnd::kAgreed: return "";
    case AttemptEnd::kDisagreed: return "wrong";
    case AttemptEnd::kReferee: return "referee";
    case AttemptEnd::kLost: return "lost";
  }
  return "";
}

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + format_number(value, 2) + "\"";
}

bool any_ended(const std::vector<ReportAgent>& agents, AttemptEnd end) {
  return std::any_of(agents.begin(), agents.end(), [end](const ReportAgent& agent) {
    return std::any_of(agent.attempts.begin(), agent.attempts.end(),
                       [end](const ReportAttempt& attempt) { return attempt.end == end; });
  });
}

double length_of(const std::vector<ReportAgent>& agents) {
  double length_s = 1e-3;
  for (const ReportAgent& agent : agents) {
    for (const ReportAttempt& attempt : agent.attempts)
      length_s = std::max(length_s, attempt.end_s);
  }
  return length_s;
}

/// 1, 2 or 5 times a power of ten, so that 4 to 10 lines fit.
double grid_step(double length_s) {
  const double power = std::pow(10, std::floor(std::log10(length_s / 4)));
  for (const double factor : {5.0, 2.0})
    if (length_s / (power * factor) >= 4) return power * factor;
  return power;
}

std::string render_grid(double length_s, double height) {
  std::string svg;
  const double step_s = grid_step(length_s);
  for (int i = 0; i * step_s <= length_s && i < 100; ++i) {
    const double x = kNames + i * step_s / length_s * (kWidth - kNames - 20);
    svg += "<line class=\"grid\"" + attribute("x1", x) + attribute("x2", x) + attribute("y1", 0) +
           attribute("y2", height - kAxis) + "/>";
    svg += "<text text-anchor=\"middle\"" + attribute("x", x) + attribute("y", height - 6) + ">" +
           format_number(i * step_s, 3) + " s</text>";
  }
  return svg;
}

std::string render_row(const ReportAgent& agent, std::size_t colour, double y, double length_s) {
  std::string svg = "<text class=\"name\" x=\"0\"" + attribute("y", y + kBar - 4) + ">" +
                    escape_html(agent.name) + "</text>";
  const double scale = (kWidth - kNames - 20) / length_s;
  for (const ReportAttempt& attempt : agent.attempts) {
    const double start_s = std::clamp(attempt.start_s, 0.0, length_s);
    const double width =
        std::max(1.5, (std::clamp(attempt.end_s, start_s, length_s) - start_s) * scale - 1.5);
    svg += "<rect rx=\"2\"" + attribute("x", kNames + start_s * scale) + attribute("y", y) +
           attribute("width", width) + attribute("height", kBar) + " fill=\"var(--o" +
           std::to_string(colour % kColours) + ")\" class=\"" + class_of(attempt.end) + "\"><title>" +
           escape_html(agent.name + ": " + attempt.label) + "</title></rect>";
  }
  return svg;
}

}  // namespace

std::vector<std::string> owners_of(const std::vector<ReportAgent>& agents) {
  std::vector<std::string> owners;
  for (const ReportAgent& agent : agents) {
    if (std::find(owners.begin(), owners.end(), agent.owner) == owners.end()) owners.push_back(agent.owner);
  }
  return owners;
}

std::string render_timeline(const std::vector<ReportAgent>& agents) {
  const std::vector<std::string> owners = owners_of(agents);
  std::string html = "<div class=\"card\"><div class=\"legend\">";
  for (std::size_t i = 0; i < owners.size(); ++i) {
    html += "<span><i style=\"background:var(--o" + std::to_string(i % kColours) + ")\"></i>" +
            escape_html(owners[i]) + "</span>";
  }
  if (any_ended(agents, AttemptEnd::kDisagreed))
    html += "<span><i style=\"outline:2.5px solid var(--bad)\"></i>found wrong</span>";
  if (any_ended(agents, AttemptEnd::kReferee))
    html += "<span><i style=\"outline:1.5px dashed var(--ink)\"></i>recomputed by a referee</span>";
  if (any_ended(agents, AttemptEnd::kLost))
    html += "<span><i style=\"background:var(--ink);opacity:.35\"></i>paler: not counted</span>";
  html += "</div>";
  const double length_s = length_of(agents);
  const double height = static_cast<double>(agents.size()) * kRow + kAxis;
  html += "<svg role=\"img\" aria-label=\"Attempts of each agent over time\" viewBox=\"0 0 " +
          format_number(kWidth, 0) + " " + format_number(height, 0) + "\">" + render_grid(length_s, height);
  double y = 4;
  for (const ReportAgent& agent : agents) {
    const auto place = std::find(owners.begin(), owners.end(), agent.owner);
    html += render_row(agent, static_cast<std::size_t>(place - owners.begin()), y, length_s);
    y += kRow;
  }
  return html + "</svg></div>";
}

}  // namespace reeve::client
