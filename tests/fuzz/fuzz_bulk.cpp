#include <algorithm>

#include "protocol/bulk.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve;
  const bulk::Message messages[] = {
      {1, bulk::PutBlob{{}, 2}},
      {3, bulk::PutResult{AttemptId(4), {JobId(5), 6}, 7, 8}},
      {9, bulk::GetBlob{{}, 10, 11}},
      {12, bulk::Chunk{13, Bytes(100, 14), true}},
      {15, bulk::ChunkAck{16, 4}},
      {17, bulk::Status{{}, std::nullopt}},
      {18, bulk::Status{{}, Error{ErrorCode::kCorrupt, "damaged", "send again"}}}};
  std::vector<std::string> seeds;
  for (const auto& message : messages) {
    const Bytes bytes = bulk::encode(message);
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

/// What is read of a peer's bytes can be written and read again, and is then the same; a chunk is also seen
/// where it lies.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = reeve::bulk::decode({data, size});
  const reeve::Bytes on_words(data, data + size);
  const auto view = reeve::bulk::view_chunk(on_words);
  const auto* chunk = message ? std::get_if<reeve::bulk::Chunk>(&message->body) : nullptr;
  REEVE_CHECK(view.has_value() == (chunk != nullptr), "what is seen as a chunk is read as one");
  REEVE_CHECK(
      !chunk || std::equal(chunk->data.begin(), chunk->data.end(), view->data.begin(), view->data.end()),
      "and has the same data");
  if (!message) return 0;
  const auto again = reeve::bulk::decode(reeve::bulk::encode(*message));
  REEVE_CHECK(again.ok() && *again == *message, "a bulk message is the same after a second trip");
  return 0;
}
