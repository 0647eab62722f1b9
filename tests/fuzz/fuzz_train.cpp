#include "kernels/train/dataset.h"
#include "kernels/train/train.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace reeve::kernels;

TrainSpec small_spec(ModelKind model) {
  TrainSpec spec;
  spec.model = model;
  spec.mlp = {4, 3, {5}, Activation::kRelu};
  spec.gpt = {6, 1, 2, 8, true};
  spec.micro_batch = spec.micro_batches = spec.generations = 2;
  return spec;
}

std::string text_of(const TrainBytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

const TrainBytes& initial_state() {
  static const TrainBytes state = [] {
    std::string error;
    return train_initial_state(small_spec(ModelKind::kMlp), error);
  }();
  return state;
}

const TrainBytes& images() {
  static const TrainBytes bytes =
      encode_images(4, 3, std::vector<std::uint8_t>(20, 7), std::vector<std::uint8_t>(5, 2));
  return bytes;
}

Dataset image_set() {
  Dataset set;
  std::string error;
  REEVE_CHECK(decode_dataset(images(), set, error), "the images are well-formed");
  return set;
}

void try_spec(std::span<const std::uint8_t> bytes) {
  TrainSpec spec;
  std::string error;
  if (!decode_train_spec(bytes, spec, error)) {
    REEVE_CHECK(!error.empty(), "a refused spec is told why");
    return;
  }
  REEVE_CHECK(check_train_spec(spec, error), "a spec that was read keeps its bounds");
  REEVE_CHECK(encode_train_spec(spec) == TrainBytes(bytes.begin(), bytes.end()), "a spec has one spelling");
}

void try_dataset(std::span<const std::uint8_t> bytes) {
  Dataset set;
  std::string error;
  if (!decode_dataset(bytes, set, error)) {
    REEVE_CHECK(!error.empty(), "a refused data set is told why");
    return;
  }
  REEVE_CHECK(set.rows > 0 && set.values.size() == std::size_t{set.rows} * set.features, "the header holds");
}

/// What an agent sends as a state or a gradient is refused with a reason, or used.
void try_state(std::span<const std::uint8_t> bytes) {
  const TrainSpec spec = small_spec(ModelKind::kMlp);
  std::string error;
  const bool made = !train_gradient(spec, image_set(), bytes, 0, 0, {}, error).empty();
  REEVE_CHECK(made == error.empty(), "a refused state is told why");
  const std::span<const std::uint8_t> gradients[] = {bytes};
  const bool updated = !train_update(spec, initial_state(), gradients, 0, {}, error).empty();
  REEVE_CHECK(updated == error.empty(), "a refused gradient is told why");
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::string error;
  const TrainSpec spec = small_spec(ModelKind::kMlp);
  const TrainBytes gradient = train_gradient(spec, image_set(), initial_state(), 0, 0, {}, error);
  return {text_of(encode_train_spec(spec)),
          text_of(encode_train_spec(small_spec(ModelKind::kGpt))),
          text_of(images()),
          text_of(encode_text(std::vector<std::uint8_t>(20, 'a'))),
          text_of(initial_state()),
          text_of(gradient)};
}

/// Each input is tried as everything that a stranger may send.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_spec({data, size});
  try_dataset({data, size});
  try_state({data, size});
  return 0;
}
