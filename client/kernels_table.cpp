#include "client/kernels_table.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "client/image/assemble.h"
#include "kernels/render/request.h"
#include "protocol/digest.h"
#include "protocol/leaves.h"

namespace reeve::client {
namespace {

enum class Kind { kNumber, kBlob };

struct Parameter {
  std::string_view name;
  Kind kind = Kind::kNumber;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

struct Kernel {
  std::string_view name;
  std::span<const Parameter> parameters;
  std::uint32_t contract;
};

constexpr std::int64_t kSide = kernels::kMaxImageSide;
constexpr std::array<Parameter, 10> kRenderParameters{{
    {"scene", Kind::kBlob, 0, 0},
    {"width", Kind::kNumber, 1, kSide},
    {"height", Kind::kNumber, 1, kSide},
    {"samples", Kind::kNumber, 1, kernels::kMaxRequestSamples},
    {"max-depth", Kind::kNumber, 1, kernels::kMaxDepth},
    {"seed", Kind::kNumber, 0, 0xFFFF'FFFF},
    {"frame", Kind::kNumber, 0, 0x7FFF'FFFF},
    {"tiles-x", Kind::kNumber, 1, kSide},
    {"tiles-y", Kind::kNumber, 1, kSide},
    {"tile", Kind::kNumber, 0, 0x7FFF'FFFF},
}};
constexpr std::array<Parameter, 1> kSpinParameters{{{"ms", Kind::kNumber, 0, 3'600'000}}};

constexpr std::uint32_t kSha256ResultBytes = 32;
constexpr std::uint32_t kSpinResultBytes = 8;

constexpr std::array<Kernel, 3> kKernels{{{"render.path", kRenderParameters, kernels::kRenderContract},
                                          {"sha256", {}, 1},
                                          {"spin", kSpinParameters, 1}}};

Error refuse(std::string message, std::string hint) {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}

Result<const Kernel*> find_kernel(std::string_view command) {
  std::string known;
  for (const Kernel& kernel : kKernels) {
    if (command == std::string(kCommandPrefix) + std::string(kernel.name)) return &kernel;
    known += (known.empty() ? "" : ", ") + std::string(kCommandPrefix) + std::string(kernel.name);
  }
  return refuse("command '" + std::string(command) + "' is no built-in kernel",
                "use one of: " + known + "; programs of your own come with the sandbox, in a later version");
}

Result<std::int64_t> read_number(const Parameter& parameter, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < parameter.least ||
      number > parameter.most) {
    return refuse(
        "--" + std::string(parameter.name) + " is '" + std::string(text) + "'",
        "give a whole number of " + std::to_string(parameter.least) + ".." + std::to_string(parameter.most));
  }
  return number;
}

struct Values {
  std::map<std::string_view, std::int64_t> numbers;
  std::vector<Digest> blobs;
};

Result<void> read_value(const Parameter& parameter, const KernelArguments& arguments, Values& values) {
  const auto given = arguments.find(parameter.name);
  if (given == arguments.end())
    return refuse("--" + std::string(parameter.name) + " is missing", "add it to the command's args");
  if (parameter.kind == Kind::kBlob) {
    Digest digest;
    if (!parse_blob_reference(given->second, digest)) {
      return refuse(
          "--" + std::string(parameter.name) + " is '" + given->second + "'",
          "name a blob as sha256:<64 hex digits>, or pass a PATH parameter (objectType FILE, dataFlow IN)");
    }
    values.blobs.push_back(digest);
    return {};
  }
  auto number = read_number(parameter, given->second);
  if (!number) return number.error();
  values.numbers[parameter.name] = *number;
  return {};
}

/// Every parameter of the kernel, checked; an argument that it does not know is refused.
Result<Values> read_values(const Kernel& kernel, std::span<const std::string> args) {
  auto arguments = parse_arguments(args);
  if (!arguments) return arguments.error();
  for (const auto& [name, value] : *arguments) {
    const auto same = [&name = name](const Parameter& parameter) { return parameter.name == name; };
    if (std::none_of(kernel.parameters.begin(), kernel.parameters.end(), same)) {
      std::string known;
      for (const Parameter& parameter : kernel.parameters)
        known += (known.empty() ? "--" : ", --") + std::string(parameter.name);
      return refuse("--" + name + " is no argument of " + std::string(kernel.name),
                    known.empty() ? "it takes none" : "it takes " + known);
    }
  }
  Values values;
  for (const Parameter& parameter : kernel.parameters) {
    if (auto read = read_value(parameter, *arguments, values); !read) return read.error();
  }
  return values;
}

Result<RenderTask> render_task_of(const Values& values) {
  const auto number = [&values](std::string_view name) {
    return static_cast<std::uint32_t>(values.numbers.at(name));
  };
  auto grid = TileGrid::make(number("width"), number("height"), number("tiles-x"), number("tiles-y"));
  if (!grid) return grid.error();
  if (number("tile") >= grid->count()) {
    return refuse("--tile is " + std::to_string(number("tile")),
                  "tiles count from 0; there are " + std::to_string(grid->count()));
  }
  return RenderTask{*grid, values.numbers.at("frame"), number("tile")};
}

Result<void> render_facts(const Values& values, TaskFacts& facts) {
  auto task = render_task_of(values);
  if (!task) return task.error();
  const PixelRect tile = task->grid.rect(task->tile);
  const PixelRect largest = task->grid.rect(0);
  facts.leaf_bytes = static_cast<std::uint32_t>(kernels::kRenderLeafBytes);
  facts.max_result_bytes = tile_result_bytes(largest.width, largest.height);
  facts.work =
      std::uint64_t{tile.width} * tile.height * static_cast<std::uint64_t>(values.numbers.at("samples"));
  if (leaf_table_fits(facts.max_result_bytes, facts.leaf_bytes)) return {};
  return refuse(
      "a tile of " + std::to_string(largest.width) + "x" + std::to_string(largest.height) + " is too large",
      "cut the frame into more tiles: a tile may have 65536 blocks of 8x8 pixels (2048x2048)");
}

}  // namespace

Result<KernelArguments> parse_arguments(std::span<const std::string> args) {
  KernelArguments arguments;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    const std::string& name = args[i];
    if (!name.starts_with("--") || name.size() == 2) {
      return refuse("argument '" + name + "' stands where a --name is expected", "write --name value pairs");
    }
    if (i + 1 == args.size()) return refuse("argument " + name + " has no value", "write --name value pairs");
    if (!arguments.emplace(name.substr(2), args[i + 1]).second)
      return refuse("argument " + name + " is given twice", "remove one");
  }
  return arguments;
}

Result<TaskFacts> task_facts(std::string_view command, std::span<const std::string> args) {
  auto kernel = find_kernel(command);
  if (!kernel) return kernel.error();
  auto values = read_values(**kernel, args);
  if (!values) return values.error();
  TaskFacts facts;
  facts.kernel = {std::string((*kernel)->name), (*kernel)->contract};
  facts.inputs = values->blobs;
  if (is_render_command(command)) {
    if (auto rendered = render_facts(*values, facts); !rendered) return rendered.error();
  } else if (facts.kernel.name == "spin") {
    facts.work = static_cast<std::uint64_t>(std::max<std::int64_t>(1, values->numbers.at("ms")));
    facts.max_result_bytes = kSpinResultBytes;
  } else {
    facts.work = 1;
    facts.max_result_bytes = kSha256ResultBytes;
  }
  return facts;
}

Result<RenderTask> render_task(std::string_view command, std::span<const std::string> args) {
  if (!is_render_command(command)) return refuse("'" + std::string(command) + "' renders nothing", "");
  auto kernel = find_kernel(command);
  if (!kernel) return kernel.error();
  auto values = read_values(**kernel, args);
  if (!values) return values.error();
  return render_task_of(*values);
}

bool is_render_command(std::string_view command) {
  return command == "reeve:render.path";
}

std::string blob_reference(const Digest& digest) {
  return "sha256:" + to_hex(digest);
}

bool parse_blob_reference(std::string_view text, Digest& digest) {
  constexpr std::string_view kScheme = "sha256:";
  return text.starts_with(kScheme) && from_hex(text.substr(kScheme.size()), digest.bytes);
}

}  // namespace reeve::client
