#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "tests/openjd/templates.h"

/// The cases of templates/*.cases; templates/README.md describes their form.
namespace reeve::openjd::testing {
namespace {

struct FileCase {
  std::string place;  // "steps.cases:12"
  std::string kind;   // valid, invalid, job, refused
  std::string wrapper;
  std::string arguments;  // of the wrapper
  std::string extensions;
  std::vector<std::string> fields;  // rule, then what the kind needs
  std::string body;
};

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

/// Writes each "@N TEXT@" out.
std::string expanded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool opens = text[i] == '@' && i + 1 < text.size() && std::isdigit(text[i + 1]) != 0;
    if (!opens) {
      out += text[i];
      continue;
    }
    const std::size_t blank = text.find(' ', i);
    const std::size_t end = text.find('@', blank);
    const auto count = static_cast<std::size_t>(std::stoul(text.substr(i + 1, blank - i - 1)));
    for (std::size_t n = 0; n < count; ++n) {
      std::string item = text.substr(blank + 1, end - blank - 1);
      replace_all(item, "#", std::to_string(n));
      out += item;
    }
    i = end;
  }
  return out;
}

FileCase parsed_head(const std::string& line, std::string place) {
  FileCase c;
  c.place = std::move(place);
  std::vector<std::string> parts;
  std::istringstream stream(line.substr(2));
  for (std::string part; std::getline(stream, part, '|');)
    parts.push_back(trimmed(part));
  std::istringstream words(parts.at(0));
  words >> c.kind >> c.wrapper;
  std::getline(words, c.arguments);
  c.arguments = trimmed(c.arguments);
  if (const std::size_t plus = c.wrapper.find('+'); plus != std::string::npos) {
    c.extensions = c.wrapper.substr(plus + 1);
    c.wrapper.resize(plus);
  }
  c.fields.assign(parts.begin() + 1, parts.end());
  c.fields.resize(5);
  return c;
}

std::vector<FileCase> cases_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<FileCase> cases;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.starts_with("= ")) {
      cases.push_back(parsed_head(line, file.filename().string() + ":" + std::to_string(number)));
    } else if (!cases.empty()) {
      cases.back().body += line + "\n";
    }
  }
  return cases;
}

const std::string kVersion = "specificationVersion: jobtemplate-2023-09\n";
const std::string kScript = "script: {actions: {onRun: {command: echo}}}";
const std::string kCount = "parameterDefinitions: [{name: Count, type: INT, default: 3}]\n";
const std::string kTitle = "parameterDefinitions: [{name: Title, type: STRING, default: t}]\n";

std::string combination_with(const std::string& text) {
  return step_with(
      "parameterSpace:\n"
      "  taskParameterDefinitions:\n"
      "  - {name: A, type: INT, range: 1-3}\n"
      "  - {name: B, type: INT, range: 11-13}\n"
      "  - {name: C, type: INT, range: 1-2}\n"
      "  - {name: D, type: INT, range: 1-6}\n"
      "  combination: " +
      text + "\n");
}

/// What each wrapper makes of a body without its last line end.
std::string wrapped(const FileCase& c) {
  using Wrap = std::function<std::string(std::string)>;
  const std::string run = "actions: {onRun: {command: echo";
  const std::map<std::string, Wrap> wrappers = {
      {"whole", [](auto b) { return b + "\n"; }},
      {"root", [](auto b) { return job_with(b + "\n"); }},
      {"named",
       [](auto b) {
         return kVersion + "name: " + b + "\n" + kTitle + "steps: [{name: A, " + kScript + "}]\n";
       }},
      {"param", [](auto b) { return parameter_with("{" + b + "}"); }},
      {"ui",
       [&](auto b) {
         return parameter_with("{name: A, type: " + c.arguments + ", userInterface: {" + b + "}}");
       }},
      {"steps",
       [](auto b) {
         replace_all(b, "SCRIPT", kScript);
         return kVersion + "name: J\n" + kCount + "steps:\n" + b + "\n";
       }},
      {"step",
       [](auto b) { return step_with(b + "\n") + "jobEnvironments: [{name: Outer, variables: {A: b}}]\n"; }},
      {"script", [](auto b) { return script_with(b + "\n"); }},
      {"run", [](auto b) { return script_with("actions: {onRun: {" + b + "}}\n"); }},
      {"file", [&](auto b) { return script_with(run + "}}\nembeddedFiles: [{" + b + "}]\n"); }},
      {"argument",
       [&](auto b) {
         return script_with(run + ", args: ['" + b +
                            "']}}\nembeddedFiles: [{name: Main, type: TEXT, data: x}]\n");
       }},
      {"env", [](auto b) { return job_with(kTitle + "jobEnvironments:\n- {name: E, " + b + "}\n"); }},
      {"document", [](auto b) { return "specificationVersion: environment-2023-09\n" + b + "\n"; }},
      {"amount", [](auto b) { return step_with("hostRequirements: {amounts: [{" + b + "}]}\n"); }},
      {"attribute", [](auto b) { return step_with("hostRequirements: {attributes: [{" + b + "}]}\n"); }},
      {"space",
       [](auto b) { return step_with("parameterSpace: {taskParameterDefinitions: [" + b + "]}\n"); }},
      {"combination", combination_with},
  };
  const std::map<std::string, std::string> extensions = {
      {"", ""},
      {"fb1", "extensions: [FEATURE_BUNDLE_1]\n"},
      {"chunk", "extensions: [TASK_CHUNKING]\n"},
      {"redacted", "extensions: [REDACTED_ENV_VARS]\n"},
      {"all", "extensions: [TASK_CHUNKING, FEATURE_BUNDLE_1, REDACTED_ENV_VARS]\n"}};
  std::string body = expanded(c.body);
  if (!body.empty()) body.pop_back();
  std::string text = wrappers.at(c.wrapper)(body);
  return text.insert(text.find('\n') + 1, extensions.at(c.extensions));
}

ParameterValues values_of(const std::string& given) {
  ParameterValues values;
  std::istringstream words(expanded(given));
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    values[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return values;
}

/// The one error that a case names, by its field and a part of what it says.
void expect_error(const FileCase& c, const std::vector<Diagnostic>& errors) {
  ASSERT_EQ(errors.size(), 1U) << all_errors(errors);
  EXPECT_EQ(errors[0].field, expanded(c.fields[1]));
  const std::string said = errors[0].problem + "; " + errors[0].remedy;
  EXPECT_NE(said.find(c.fields[2]), std::string::npos) << "wanted '" << c.fields[2] << "' in: " << said;
  EXPECT_FALSE(c.fields[2].empty()) << "a case says what it expects";
  EXPECT_FALSE(errors[0].remedy.empty());
}

void check(const FileCase& c) {
  const std::string text = wrapped(c);
  SCOPED_TRACE(c.place + " " + c.fields[0] + "\n" + text.substr(0, 2000));
  const Checked<AnyTemplate> parsed = parse_any_template(text);
  if (c.kind == "invalid") {
    ASSERT_FALSE(parsed) << "it is accepted";
    expect_error(c, parsed.errors);
    EXPECT_NE(parsed.errors[0].mark.line, 0U);
    return;
  }
  ASSERT_TRUE(parsed) << all_errors(parsed.errors);
  if (c.kind == "valid") return;
  const ParameterValues values = values_of(c.fields[c.kind == "job" ? 1 : 3]);
  const Checked<Job> job = instantiate(std::get<JobTemplate>(*parsed.value), values);
  if (c.kind == "job") {
    EXPECT_TRUE(job) << all_errors(job.errors);
    return;
  }
  ASSERT_EQ(c.kind, "refused");
  ASSERT_FALSE(job) << "the job is made";
  expect_error(c, job.errors);
}

TEST(TemplateCases, EachShowsItsRule) {
  const std::filesystem::path folder = std::filesystem::path(REEVE_SOURCE_DIR) / "tests/openjd/templates";
  std::map<std::string, std::size_t> counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".cases") continue;
    for (const FileCase& c : cases_of(entry.path())) {
      ++counts[c.kind];
      check(c);
    }
  }
  const std::size_t accepted = counts["valid"] + counts["job"];
  const std::size_t refused = counts["invalid"] + counts["refused"];
  EXPECT_EQ(counts.size(), 4U) << "every kind is one of the four";
  EXPECT_GE(accepted, 120U);
  EXPECT_GE(refused, 400U);
  RecordProperty("accepted", static_cast<int>(accepted));
  RecordProperty("refused", static_cast<int>(refused));
}

}  // namespace
}  // namespace reeve::openjd::testing
