#include "client/train/model_folder.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "client/train/loss_plot.h"
#include "kernels/train/train.h"

namespace reeve::client {
namespace {

Result<void> write_file(const std::filesystem::path& path, ByteView head, ByteView body = {}) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
  out.write(reinterpret_cast<const char*>(body.data()), static_cast<std::streamsize>(body.size()));
  out.flush();
  if (out) return {};
  return Error{ErrorCode::kIo,
               "cannot write " + path.string() + ": " + std::generic_category().message(errno),
               "choose another folder with -o, or mend its permissions or its disk"};
}

Result<Bytes> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{ErrorCode::kNotFound, path.string() + ": there is no such file",
                 "name the folder that `reeve train -o` wrote"};
  return Bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

Error corrupt(const std::string& what) {
  return {ErrorCode::kCorrupt, what, "train it again, or fetch it again with `reeve job fetch`"};
}

Result<kernels::TrainState> state_of(const TrainedModel& model) {
  kernels::TrainState state;
  std::string error;
  if (!kernels::read_train_state(model.spec, model.state, state, error)) return corrupt(error);
  return state;
}

/// An 8-byte little-endian length, a JSON header padded to 8 bytes with spaces, the tensors.
Bytes safetensors_head(const kernels::TrainSpec& spec) {
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"format", "pt"}};
  for (const kernels::TensorInfo& tensor : kernels::model_tensors(spec)) {
    const std::uint64_t begin = tensor.offset * sizeof(float);
    header[tensor.name] = {{"dtype", "F32"},
                           {"shape", tensor.shape},
                           {"data_offsets", {begin, begin + tensor.size * sizeof(float)}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  Bytes head;
  for (unsigned shift = 0; shift < 64; shift += 8)
    head.push_back(static_cast<std::uint8_t>(std::uint64_t{text.size()} >> shift));
  head.insert(head.end(), text.begin(), text.end());
  return head;
}

}  // namespace

Result<std::vector<double>> losses_of(const TrainedModel& model) {
  const auto state = state_of(model);
  if (!state) return state.error();
  std::vector<double> losses;
  for (const std::int64_t sum : state->loss_sums)
    losses.push_back(kernels::train_mean_loss(model.spec, sum));
  return losses;
}

Result<void> write_losses(const std::filesystem::path& folder, const std::vector<double>& losses) {
  const std::string csv = loss_csv(losses);
  if (auto written = write_file(folder / "loss.csv", as_bytes(csv)); !written) return written;
  const std::string plot = loss_plot(losses);
  return write_file(folder / "loss.svg", as_bytes(plot));
}

Result<void> write_model(const std::filesystem::path& folder, const TrainedModel& model) {
  const auto state = state_of(model);
  if (!state) return state.error();
  const ByteView weights(reinterpret_cast<const std::uint8_t*>(state->parameters.data()),
                         state->parameters.size() * sizeof(float));
  if (auto done = write_file(folder / "model.safetensors", safetensors_head(model.spec), weights); !done)
    return done;
  if (auto done = write_file(folder / "model.state", model.state); !done) return done;
  if (auto done = write_file(folder / "model.config", kernels::encode_train_spec(model.spec)); !done)
    return done;
  const auto losses = losses_of(model);
  if (!losses) return losses.error();
  return write_losses(folder, *losses);
}

Result<TrainedModel> read_model(const std::filesystem::path& folder) {
  const auto config = read_file(folder / "model.config");
  if (!config) return config.error();
  auto state = read_file(folder / "model.state");
  if (!state) return state.error();
  TrainedModel model;
  std::string error;
  if (!kernels::decode_train_spec(*config, model.spec, error))
    return corrupt((folder / "model.config").string() + ": " + error);
  model.state = std::move(*state);
  if (const auto read = state_of(model); !read) return read.error();
  return model;
}

Result<void> write_scores(const std::filesystem::path& file, std::size_t rows,
                          const std::vector<float>& scores) {
  // The format's version 1.0: magic, version, the header's length, a header padded to 64 bytes with its end
  // of line.
  constexpr std::size_t kAligned = 64;
  const std::string magic("\x93NUMPY\x01\x00", 8);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(scores.size() / rows) + "), }";
  const std::size_t unpadded = magic.size() + 2 + header.size() + 1;
  header.append((kAligned - unpadded % kAligned) % kAligned, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  const std::string head = magic + static_cast<char>(length & 0xFF) + static_cast<char>(length >> 8) + header;
  return write_file(file, as_bytes(head),
                    {reinterpret_cast<const std::uint8_t*>(scores.data()), scores.size() * sizeof(float)});
}

}  // namespace reeve::client
