#include "client/bulk.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocol/digest.h"
#include "protocol/limits.h"
#include "tests/client/commands/scripted_pipe.h"

namespace reeve::client {
namespace {

using BulkScript = Script<bulk::Message>;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return bytes;
}

Input input_of(const Bytes& bytes) {
  return {sha256(bytes), bytes.size(), bytes, "scene.glb"};
}

/// A region that stores one upload; it holds `held` already.
struct Store {
  Bytes held;
  std::uint32_t window = 2;
};

std::shared_ptr<BulkScript> storing(const std::shared_ptr<Store>& store, std::uint64_t size) {
  auto script = std::make_shared<BulkScript>();
  script->on_message = [store, size](BulkScript& self, const bulk::Message& message) {
    const auto ack = [&] {
      self.answers.push_back({message.transfer, bulk::ChunkAck{store->held.size(), store->window}});
    };
    if (std::holds_alternative<bulk::PutBlob>(message.body)) return ack();
    const auto* chunk = std::get_if<bulk::Chunk>(&message.body);
    if (chunk == nullptr || chunk->offset != store->held.size()) return;
    store->held.insert(store->held.end(), chunk->data.begin(), chunk->data.end());
    EXPECT_EQ(chunk->last, store->held.size() == size);
    ack();
    if (chunk->last)
      self.answers.push_back({message.transfer, bulk::Status{sha256(store->held), std::nullopt}});
  };
  return script;
}

BulkClient client(const std::shared_ptr<BulkScript>& script) {
  return {std::make_unique<ScriptedPipe<bulk::Message>>(script), seconds(20)};
}

TEST(BulkPut, WholeBlobArrivesInChunks) {
  const Bytes bytes = pattern(3 * limits::kBulkChunkBytes + 17);
  auto store = std::make_shared<Store>();
  auto script = storing(store, bytes.size());
  std::uint64_t last_progress = 0;
  const auto stored =
      client(script).put(input_of(bytes), [&](std::uint64_t done, std::uint64_t) { last_progress = done; });
  ASSERT_TRUE(stored.ok()) << stored.error().message;
  EXPECT_EQ(store->held, bytes);
  EXPECT_EQ(last_progress, bytes.size());
}

TEST(BulkPut, GoesOnWhereTheRegionSays) {
  const Bytes bytes = pattern(2 * limits::kBulkChunkBytes);
  auto store = std::make_shared<Store>();
  store->held.assign(bytes.begin(), bytes.begin() + limits::kBulkChunkBytes);
  auto script = storing(store, bytes.size());
  ASSERT_TRUE(client(script).put(input_of(bytes), [](auto, auto) {}).ok());
  EXPECT_EQ(store->held, bytes);
  const auto chunks = std::count_if(script->heard.begin(), script->heard.end(), [](const auto& message) {
    return std::holds_alternative<bulk::Chunk>(message.body);
  });
  EXPECT_EQ(chunks, 1);
}

TEST(BulkPut, NeverMoreInFlightThanTheWindow) {
  const Bytes bytes = pattern(8 * limits::kBulkChunkBytes);
  auto script = std::make_shared<BulkScript>();
  std::uint64_t received = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t most = 0;
  script->on_message = [&](BulkScript& self, const bulk::Message& message) {
    if (std::holds_alternative<bulk::Chunk>(message.body)) {
      most = std::max(most, ++in_flight);
      if (in_flight < 3 && received + in_flight * limits::kBulkChunkBytes < bytes.size()) return;
      received += in_flight * limits::kBulkChunkBytes;
      in_flight = 0;
      if (received == bytes.size()) self.answers.push_back({message.transfer, bulk::Status{}});
    }
    self.answers.push_back({message.transfer, bulk::ChunkAck{received, 3}});
  };
  ASSERT_TRUE(client(script).put(input_of(bytes), [](auto, auto) {}).ok());
  EXPECT_EQ(most, 3U);
}

TEST(BulkPut, BlobThatTheRegionHasIsNotSent) {
  auto script = std::make_shared<BulkScript>();
  script->on_message = [](BulkScript& self, const bulk::Message& message) {
    self.answers.push_back({message.transfer, bulk::Status{}});
  };
  ASSERT_TRUE(client(script).put(input_of(pattern(5)), [](auto, auto) {}).ok());
  EXPECT_EQ(script->heard.size(), 1U);
}

TEST(BulkPut, EmptyBlobIsOneEmptyLastChunk) {
  auto store = std::make_shared<Store>();
  auto script = storing(store, 0);
  ASSERT_TRUE(client(script).put(input_of({}), [](auto, auto) {}).ok());
}

TEST(BulkPut, RefusalOfTheRegionIsTheResult) {
  auto script = std::make_shared<BulkScript>();
  script->on_message = [](BulkScript& self, const bulk::Message& message) {
    self.answers.push_back(
        {message.transfer, bulk::Status{{}, Error{ErrorCode::kExhausted, "disk full", ""}}});
  };
  const auto stored = client(script).put(input_of(pattern(5)), [](auto, auto) {});
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().code, ErrorCode::kExhausted);
}

/// A region that gives `bytes` in chunks of `step`.
std::shared_ptr<BulkScript> giving(const Bytes& bytes, std::size_t step) {
  auto script = std::make_shared<BulkScript>();
  script->on_message = [bytes, step](BulkScript& self, const bulk::Message& message) {
    const auto* get = std::get_if<bulk::GetBlob>(&message.body);
    if (get == nullptr) return;
    for (std::size_t at = get->offset; at < bytes.size(); at += step) {
      const std::size_t end = std::min(at + step, bytes.size());
      self.answers.push_back(
          {message.transfer, bulk::Chunk{at,
                                         Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                               bytes.begin() + static_cast<std::ptrdiff_t>(end)),
                                         end == bytes.size()}});
    }
    self.answers.push_back({message.transfer, bulk::Status{sha256(bytes), std::nullopt}});
  };
  return script;
}

TEST(BulkGet, BytesAreCheckedAgainstTheirDigest) {
  const Bytes bytes = pattern(1000);
  const auto good = client(giving(bytes, 300)).get(sha256(bytes), bytes.size());
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, bytes);
  const auto bad = client(giving(pattern(1000), 300)).get(sha256(as_bytes("other")), 1000);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kCorrupt);
}

TEST(BulkGet, MissingBlobIsNotFound) {
  auto script = std::make_shared<BulkScript>();
  script->on_message = [](BulkScript& self, const bulk::Message& message) {
    self.answers.push_back(
        {message.transfer, bulk::Status{{}, Error{ErrorCode::kNotFound, "no such blob", ""}}});
  };
  const auto bytes = client(script).get({}, 10);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kNotFound);
}

TEST(BulkGet, ResultsThatDoNotFitMemoryAreRefusedUnasked) {
  auto script = std::make_shared<BulkScript>();
  const auto bytes = client(script).get({}, std::uint64_t{1} << 40);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(script->heard.empty());
}

}  // namespace
}  // namespace reeve::client
