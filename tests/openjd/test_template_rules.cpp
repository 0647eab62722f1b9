#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

std::string many(std::size_t count, std::string_view item) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string one(item);
    for (std::size_t at; (at = one.find('#')) != std::string::npos;)
      one.replace(at, 1, std::to_string(i));
    out += one;
  }
  return out;
}

std::string x(std::size_t count) {
  return std::string(count, 'x');
}

std::string root(std::string_view version, std::string_view rest) {
  return "specificationVersion: " + std::string(version) + "\n" + std::string(rest) +
         "steps: [{name: A, script: {actions: {onRun: {command: echo}}}}]\n";
}

TEST(TemplateRules, RootFieldsAreExactlyThoseOfTheVersion) {
  const Case cases[] = {
      {"the smallest job", job_with(""), ""},
      {"$schema is ignored", job_with("$schema: https://example.org/job.json\n"), ""},
      {"a description may break lines", job_with("description: \"one\\n\\ttwo\"\n"), ""},
      {"2048 characters of description", job_with("description: " + x(2048) + "\n"), ""},
      {"2049 characters of description", job_with("description: " + x(2049) + "\n"), "2049 characters"},
      {"an empty description", job_with("description: ''\n"), "empty"},
      {"an unknown field", job_with("priority: 3\n"), "'priority'"},
      {"no version", "name: A\nsteps: [{name: A, script: {actions: {onRun: {command: echo}}}}]\n",
       "'specificationVersion' is missing"},
      {"another version", root("jobtemplate-2024-01", "name: A\n"), "not supported"},
      {"an environment template", root("environment-2023-09", "name: A\n"), "not supported"},
      {"no name", root("jobtemplate-2023-09", ""), "'name' is missing"},
      {"an empty name", root("jobtemplate-2023-09", "name: ''\n"), "empty"},
      {"a number as name", root("jobtemplate-2023-09", "name: 5\n"), "put it in quotes"},
      {"128 characters of name", root("jobtemplate-2023-09", "name: " + x(128) + "\n"), ""},
      {"129 characters of name", root("jobtemplate-2023-09", "name: " + x(129) + "\n"), "129 characters"},
      {"a line break in a name", root("jobtemplate-2023-09", "name: \"a\\nb\"\n"), "control character"},
      {"characters count, not bytes", root("jobtemplate-2023-09", "name: " + many(128, "é") + "\n"), ""},
      {"no steps", "specificationVersion: jobtemplate-2023-09\nname: A\n", "'steps' is missing"},
      {"an empty list of steps", "specificationVersion: jobtemplate-2023-09\nname: A\nsteps: []\n",
       "0 elements"},
      {"steps that are a map", "specificationVersion: jobtemplate-2023-09\nname: A\nsteps: {}\n", "a list"},
      {"a document that is a list", "- a\n", "a map"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, ExtensionsAreKnownOrRefusedByName) {
  const Case cases[] = {
      {"chunking", job_with("extensions: [TASK_CHUNKING]\n"), ""},
      {"expressions", job_with("extensions: [EXPR]\n"), "EXPR is not supported"},
      {"unheard of", job_with("extensions: [MADE_UP]\n"), "MADE_UP is not known"},
      {"an empty list", job_with("extensions: []\n"), "0 elements"},
      {"a field of an extension", script_with("let: ['a = 1']\nactions: {onRun: {command: echo}}\n"),
       "'let'"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, StepsNameExistingStepsAndNeverThemselves) {
  const auto steps = [](std::string_view b_depends, std::string_view c_depends) {
    const std::string script = "script: {actions: {onRun: {command: echo}}}";
    return "specificationVersion: jobtemplate-2023-09\nname: J\nsteps:\n- {name: A, " + script +
           "}\n- {name: B, dependencies: " + std::string(b_depends) + ", " + script +
           "}\n- {name: C, dependencies: " + std::string(c_depends) + ", " + script + "}\n";
  };
  const Case cases[] = {
      {"a chain", steps("[{dependsOn: A}]", "[{dependsOn: B}]"), ""},
      {"a later step", steps("[{dependsOn: C}]", "[{dependsOn: A}]"), ""},
      {"itself", steps("[{dependsOn: B}]", "[{dependsOn: A}]"), "waits for itself"},
      {"no such step", steps("[{dependsOn: Z}]", "[{dependsOn: A}]"), "'Z', which is no step"},
      {"an empty list", steps("[]", "[{dependsOn: A}]"), "0 elements"},
      {"a bare name", steps("[A]", "[{dependsOn: A}]"), "a map"},
      {"an unknown field", steps("[{dependsOn: A, when: always}]", "[{dependsOn: A}]"), "'when'"},
  };
  for (const Case& c : cases)
    check(c);
  const Checked<JobTemplate> circle = parse_template(steps("[{dependsOn: C}]", "[{dependsOn: B}]"));
  ASSERT_FALSE(circle);
  EXPECT_EQ(circle.errors.size(), 2U) << "both steps of the circle are named";
}

TEST(TemplateRules, StepFieldsKeepTheirBounds) {
  const Case cases[] = {
      {"64 characters of name",
       "specificationVersion: jobtemplate-2023-09\nname: J\nsteps: [{name: " + x(64) +
           ", script: {actions: {onRun: {command: a}}}}]\n",
       ""},
      {"65 characters of name",
       "specificationVersion: jobtemplate-2023-09\nname: J\nsteps: [{name: " + x(65) +
           ", script: {actions: {onRun: {command: a}}}}]\n",
       "65 characters"},
      {"no script", "specificationVersion: jobtemplate-2023-09\nname: J\nsteps: [{name: A}]\n",
       "'script' is missing"},
      {"two steps of one name",
       "specificationVersion: jobtemplate-2023-09\nname: J\nsteps:\n"
       "- {name: A, script: {actions: {onRun: {command: a}}}}\n"
       "- {name: A, script: {actions: {onRun: {command: a}}}}\n",
       "the name of two steps"},
      {"an unknown field", step_with("timeout: 3\n"), "'timeout'"},
      {"256 steps",
       "specificationVersion: jobtemplate-2023-09\nname: J\nsteps:\n" +
           many(256, "- {name: S#, script: {actions: {onRun: {command: a}}}}\n"),
       ""},
      {"257 steps",
       "specificationVersion: jobtemplate-2023-09\nname: J\nsteps:\n" +
           many(257, "- {name: S#, script: {actions: {onRun: {command: a}}}}\n"),
       "257 elements"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, ActionsKeepTheirBounds) {
  const auto run = [](std::string_view fields) {
    return script_with("actions: {onRun: {" + std::string(fields) + "}}\n");
  };
  const Case cases[] = {
      {"arguments", run("command: echo, args: ['', a, '{{Param.Count}}']"), ""},
      {"no command", run("args: [a]"), "'command' is missing"},
      {"an empty command", run("command: ''"), "empty"},
      {"a line break in a command", run("command: \"a\\nb\""), "control character"},
      {"a number as argument", run("command: echo, args: [1]"), "put it in quotes"},
      {"a bell as argument", run("command: echo, args: [\"\\a\"]"), "control character"},
      {"a timeout", run("command: echo, timeout: 60"), ""},
      {"a timeout of 0", run("command: echo, timeout: 0"), "out of bounds"},
      {"a quoted timeout", run("command: echo, timeout: '60'"), "an integer"},
      {"terminate", run("command: echo, cancelation: {mode: TERMINATE}"), ""},
      {"notify", run("command: echo, cancelation: {mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: 600}"),
       ""},
      {"601 s", run("command: echo, cancelation: {mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: 601}"),
       "out of bounds"},
      {"a period without notice",
       run("command: echo, cancelation: {mode: TERMINATE, notifyPeriodInSeconds: 1}"), "no notify period"},
      {"another mode", run("command: echo, cancelation: {mode: ASK}"), "TERMINATE, NOTIFY_THEN_TERMINATE"},
      {"a mode that waits", run("command: echo, cancelation: {mode: '{{Param.Mode}}'}"),
       "TERMINATE, NOTIFY_"},
      {"no mode", run("command: echo, cancelation: {}"), "'mode' is missing"},
      {"no onRun", script_with("actions: {}\n"), "'onRun' is missing"},
      {"no actions", script_with("embeddedFiles: [{name: A, type: TEXT, data: d}]\n"),
       "'actions' is missing"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, EmbeddedFilesAreTextsWithPlainNames) {
  const auto files = [](std::string_view list) {
    return script_with("actions: {onRun: {command: echo}}\nembeddedFiles: " + std::string(list) + "\n");
  };
  const Case cases[] = {
      {"a file", files("[{name: Main, type: TEXT, filename: a.py, runnable: true, data: \"x\\n\"}]"), ""},
      {"an empty list", files("[]"), "0 elements"},
      {"another type", files("[{name: Main, type: BINARY, data: x}]"), "TEXT"},
      {"no data", files("[{name: Main, type: TEXT}]"), "'data' is missing"},
      {"empty data", files("[{name: Main, type: TEXT, data: ''}]"), "empty"},
      {"a folder", files("[{name: Main, type: TEXT, filename: a/b, data: x}]"), "no plain file name"},
      {"the parent folder", files("[{name: Main, type: TEXT, filename: .., data: x}]"), "no plain file name"},
      {"65 characters", files("[{name: Main, type: TEXT, filename: " + x(65) + ", data: x}]"),
       "65 characters"},
      {"runnable is a boolean", files("[{name: Main, type: TEXT, runnable: 'true', data: x}]"), "a boolean"},
      {"two of one name", files("[{name: A, type: TEXT, data: x}, {name: A, type: TEXT, data: y}]"),
       "the name of two files"},
      {"a name that is no identifier", files("[{name: 2nd, type: TEXT, data: x}]"), "no identifier"},
      {"line ends are of an extension", files("[{name: A, type: TEXT, data: x, endOfLine: LF}]"),
       "FEATURE_BUNDLE_1"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, EnvironmentsHaveAScriptOrVariables) {
  const auto env = [](std::string_view fields) {
    return job_with("jobEnvironments:\n- {name: E, " + std::string(fields) + "}\n");
  };
  const std::string enter = "script: {actions: {onEnter: {command: a}}}";
  const Case cases[] = {
      {"variables", env("variables: {A_1: '{{Session.WorkingDirectory}}'}"), ""},
      {"a script", env(enter), ""},
      {"neither", job_with("jobEnvironments: [{name: E}]\n"), "does nothing"},
      {"onExit alone", env("script: {actions: {onExit: {command: a}}}"), ""},
      {"no action", env("script: {actions: {}}"), "no action"},
      {"no variables", env("variables: {}, " + enter), "no variables"},
      {"a variable that starts with a digit", env("variables: {1A: x}"), "environment variable"},
      {"a variable with a dash", env("variables: {A-B: x}"), "environment variable"},
      {"256 characters of name", env("variables: {" + x(256) + ": x}"), ""},
      {"257 characters of name", env("variables: {? " + x(257) + " : x}"), "environment variable"},
      {"2048 characters of value", env("variables: {A: " + x(2048) + "}"), ""},
      {"2049 characters of value", env("variables: {A: " + x(2049) + "}"), "2049 characters"},
      {"a number as value", env("variables: {A: 1}"), "put it in quotes"},
      {"an empty list", job_with("jobEnvironments: []\n"), "0 elements"},
      {"two of one name", job_with("jobEnvironments: [{name: E, " + enter + "}, {name: E, " + enter + "}]\n"),
       "the name of two environments"},
      {"a step repeats the job's",
       step_with("stepEnvironments: [{name: E, " + enter + "}]\n") + "jobEnvironments: [{name: E, " + enter +
           "}]\n",
       "the name of two environments"},
      {"its file",
       env("script: {actions: {onEnter: {command: '{{Env.File.F}}'}}, embeddedFiles: "
           "[{name: F, type: TEXT, data: x}]}"),
       ""},
      {"no such file", env("script: {actions: {onEnter: {command: '{{Env.File.G}}'}}}"), "Env.File.G"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, HostRequirementsNameKnownOrOwnCapabilities) {
  const auto amount = [](std::string_view fields) {
    return step_with("hostRequirements: {amounts: [{" + std::string(fields) + "}]}\n");
  };
  const auto attribute = [](std::string_view fields) {
    return step_with("hostRequirements: {attributes: [{" + std::string(fields) + "}]}\n");
  };
  const Case cases[] = {
      {"standard", amount("name: amount.worker.vcpu, min: 4"), ""},
      {"case does not matter", amount("name: AMOUNT.Worker.vCPU, min: 4"), ""},
      {"a vendor's", amount("name: 'reeve:amount.gpu.vram', min: 8.5, max: 24"), ""},
      {"a format string", amount("name: 'amount.License{{Param.Count}}', min: 1"), ""},
      {"no prefix", amount("name: licenses, min: 1"), "no name of a requirement"},
      {"an attribute's prefix", amount("name: attr.licenses, min: 1"), "no name of a requirement"},
      {"an unknown name in a reserved scope", amount("name: amount.worker.fans, min: 1"), "reserved"},
      {"100 characters", amount("name: amount." + x(46) + "." + x(46) + ", min: 1"), ""},
      {"101 characters", amount("name: amount." + x(47) + "." + x(46) + ", min: 1"), "too long"},
      {"neither bound", amount("name: amount.a"), "asks for nothing"},
      {"a negative minimum", amount("name: amount.a, min: -1"), "negative"},
      {"a maximum of 0", amount("name: amount.a, max: 0"), "not positive"},
      {"crossed bounds", amount("name: amount.a, min: 3, max: 2"), "below the minimum"},
      {"a quoted number", amount("name: amount.a, min: '3'"), "drop the quotes"},
      {"the same twice",
       step_with("hostRequirements: {amounts: [{name: amount.a, min: 1}, {name: AMOUNT.A, min: 1}]}\n"),
       "required twice"},
      {"51 requirements",
       step_with("hostRequirements:\n  amounts:\n" + many(51, "  - {name: amount.a#, min: 1}\n")),
       "51 requirements"},
      {"nothing", step_with("hostRequirements: {}\n"), "asks for nothing"},
      {"any of", attribute("name: attr.worker.os.family, anyOf: [linux, MACOS]"), ""},
      {"an unknown system", attribute("name: attr.worker.os.family, anyOf: [beos]"), "operating systems"},
      {"an unknown processor", attribute("name: attr.worker.cpu.arch, allOf: [vax]"), "architecture"},
      {"two processors at once", attribute("name: attr.worker.cpu.arch, allOf: [arm64, x86_64]"),
       "one value"},
      {"either processor", attribute("name: attr.worker.cpu.arch, anyOf: [arm64, x86_64]"), ""},
      {"own words", attribute("name: attr.software, allOf: [blender-4_1, _x]"), ""},
      {"a word that starts with a digit", attribute("name: attr.software, allOf: [4ever]"), "no value"},
      {"a dot in a word", attribute("name: attr.software, allOf: [a.b]"), "no value"},
      {"neither list", attribute("name: attr.software"), "asks for nothing"},
      {"an empty list", attribute("name: attr.software, anyOf: []"), "0 elements"},
      {"51 words", attribute("name: attr.software, anyOf: [" + many(51, "a#, ") + "]"), "51 elements"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateRules, ReferencesNameWhatIsVisibleWhereTheyStand) {
  const auto run = [](std::string_view argument) {
    return script_with("actions: {onRun: {command: echo, args: ['" + std::string(argument) +
                       "']}}\nembeddedFiles: [{name: Main, type: TEXT, data: x}]\n");
  };
  const Case cases[] = {
      {"job parameter", run("{{Param.Count}}{{ RawParam.Count }}"), ""},
      {"task parameter", run("{{Task.Param.Frame}}{{Task.RawParam.Frame}}"), ""},
      {"file", run("{{Task.File.Main}}"), ""},
      {"session", run("{{Session.WorkingDirectory}}{{Session.HasPathMappingRules}}"), ""},
      {"a path, on the host", run("{{Param.Where}}"), ""},
      {"an unknown parameter", run("{{Param.Counts}}"), "defined are Count, Where"},
      {"an unknown task parameter", run("{{Task.Param.Frames}}"), "defined are Frame"},
      {"an unknown file", run("{{Task.File.Other}}"), "defined are Main"},
      {"an environment's file in a step", run("{{Env.File.Main}}"), "only in an environment"},
      {"an unknown scope", run("{{Job.Name}}"), "names no value"},
      {"an expression", run("{{Param.Count + 1}}"), "names no value"},
      {"never closed", run("{{Param.Count"), "never closed"},
      {"never opened", run("Param.Count}}"), "no '{{'"},
      {"empty", run("{{ }}"), "names no value"},
      {"a task parameter in a range", range_with("STRING", "['{{Task.Param.P}}']"),
       "only in a step's script"},
      {"a session in a range", range_with("STRING", "['{{Session.WorkingDirectory}}']"), "only in scripts"},
      {"a mapped path in a range", range_with("STRING", "['{{Param.Where}}']"), "use RawParam.Where"},
      {"a raw path in a range", range_with("STRING", "['{{RawParam.Where}}']"), ""},
      {"a task parameter in an environment",
       step_with("stepEnvironments: [{name: E, variables: {A: '{{Task.Param.P}}'}}]\n"),
       "only in a step's script"},
  };
  for (const Case& c : cases)
    check(c);
}

}  // namespace
}  // namespace reeve::openjd::testing
