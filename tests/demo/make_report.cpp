// Writes the demo's page: reeve-demo-report REPORT.json OUT_DIR

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/report/report_page.h"

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxReportBytes = std::uintmax_t{64} << 20;

int write_page(const fs::path& report, const fs::path& folder) {
  std::error_code failed;
  const std::uintmax_t size_bytes = fs::file_size(report, failed);
  if (failed || size_bytes > kMaxReportBytes) {
    std::fprintf(stderr, "cannot read %s: it is not there, or larger than 64 MiB\n", report.c_str());
    return 1;
  }
  std::ifstream in(report, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto page = reeve::client::parse_report_page(json);
  if (!page) {
    std::fprintf(stderr, "%s: %s; %s\n", report.c_str(), page.error().message.c_str(),
                 page.error().hint.c_str());
    return 1;
  }
  fs::create_directories(folder, failed);
  std::ofstream out(folder / "index.html", std::ios::binary);
  out << reeve::client::render_report_html(*page);
  out.close();
  if (!out) {
    std::fprintf(stderr, "cannot write %s: is there room, and may this user write there?\n",
                 (folder / "index.html").c_str());
    return 1;
  }
  std::printf("%s\n", (folder / "index.html").c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Writes one self-contained page about a job from its JSON description."};
  fs::path report;
  fs::path folder;
  app.add_option("REPORT", report, "JSON as in client/report/report_page.h")->required();
  app.add_option("OUT_DIR", folder, "the folder that receives index.html")->required();
  CLI11_PARSE(app, argc, argv);
  return write_page(report, folder);
}
