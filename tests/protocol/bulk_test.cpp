#include "protocol/bulk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>

#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::bulk {
namespace {

std::vector<Message> samples() {
  const Digest digest = sha256(as_bytes("blob"));
  return {{1, PutBlob{digest, 2}},
          {3, PutResult{AttemptId(4), {JobId(5), 6}, 7, 8}},
          {9, GetBlob{digest, 10, 11}},
          {12, Chunk{13, Bytes(limits::kBulkChunkBytes, 14), true}},
          {15, Chunk{16, {}, false}},
          {17, ChunkAck{18, 16}},
          {19, Status{digest, std::nullopt}},
          {20, Status{{}, Error{ErrorCode::kCorrupt, "the bytes have another digest", "send them again"}}}};
}

TEST(Bulk, EveryMessageReadsBackWholeAndFitsItsBound) {
  for (const Message& message : samples()) {
    const Bytes bytes = encode(message);
    EXPECT_LE(bytes.size(), kMessageBytes);
    const auto decoded = decode(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, message);
  }
}

TEST(Bulk, ACutMessageIsRefused) {
  for (const Message& message : samples()) {
    const Bytes bytes = encode(message);
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 100)
      EXPECT_FALSE(decode(ByteView(bytes).first(length)).ok());
  }
}

TEST(Bulk, WhatExceedsItsBoundIsRefusedByName) {
  const struct {
    const char* named;
    Message message;
  } cases[] = {
      {"too long", {1, Chunk{0, Bytes(limits::kBulkChunkBytes + 1), false}}},
      {"a blob", {1, PutBlob{{}, limits::kBlobBytes + 1}}},
      {"a blob", {1, PutResult{{}, {}, 0, limits::kBlobBytes + 1}}},
      {"a blob", {1, GetBlob{{}, limits::kBlobBytes + 1, 1}}},
      {"window", {1, GetBlob{{}, 0, limits::kBulkWindowChunks + 1}}},
      {"window", {1, ChunkAck{0, limits::kBulkWindowChunks + 1}}},
      {"message", {1, Status{{}, Error{ErrorCode::kIo, std::string(limits::kTextBytes + 1, 'x'), ""}}}},
  };
  for (const auto& [named, message] : cases) {
    const auto decoded = decode(encode(message));
    ASSERT_FALSE(decoded.ok()) << named;
    EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
    EXPECT_NE(decoded.error().message.find(named), std::string::npos) << decoded.error().message;
  }
}

/// As in libzmq's messages: on words, and full of what was there before.
class Words {
 public:
  explicit Words(std::size_t bytes) : words_(bytes / 8 + 2, ~std::uint64_t{0}), bytes_(bytes) {}
  std::span<std::uint8_t> bytes(std::size_t shift = 0) {
    return {reinterpret_cast<std::uint8_t*>(words_.data()) + shift, bytes_};
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t bytes_;
};

constexpr std::size_t kDataSizes[] = {0, 1, 7, 8, 9, 1000, limits::kBulkChunkBytes};

TEST(Bulk, AChunkLaidOutInPlaceIsTheSameMessage) {
  for (const std::size_t size : kDataSizes) {
    const Chunk chunk{12'345'678'901, Bytes(size, 14), size % 2 == 0};
    Words place(chunk_message_bytes(size));
    const auto data = lay_out_chunk({7, chunk.offset, size, chunk.last}, place.bytes());
    ASSERT_EQ(data.size(), size);
    std::copy(chunk.data.begin(), chunk.data.end(), data.begin());
    const auto laid_out = place.bytes();
    const auto decoded = decode(laid_out);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, (Message{7, chunk}));
    if (size <= 1000) {  // encode() gives larger data a segment of their own
      EXPECT_EQ(Bytes(laid_out.begin(), laid_out.end()), encode({7, chunk})) << size;
    }
  }
}

TEST(Bulk, AChunkIsSeenWhereItLies) {
  for (const std::size_t size : kDataSizes) {
    const Bytes bytes = encode({7, Chunk{11, Bytes(size, 14), true}});
    const auto view = view_chunk(bytes);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->transfer, 7U);
    EXPECT_EQ(view->offset, 11U);
    EXPECT_TRUE(view->last);
    EXPECT_EQ(Bytes(view->data.begin(), view->data.end()), Bytes(size, 14));
    if (size > 0) {
      EXPECT_GE(view->data.data(), bytes.data());
      EXPECT_LE(view->data.data() + size, bytes.data() + bytes.size());
    }
  }
}

TEST(Bulk, OnlyASoundChunkOnWordsIsSeen) {
  for (const Message& message : samples()) {
    const Bytes bytes = encode(message);
    EXPECT_EQ(view_chunk(bytes).has_value(), std::holds_alternative<Chunk>(message.body));
    EXPECT_FALSE(view_chunk(ByteView(bytes).first(bytes.size() / 2)));
  }
  EXPECT_FALSE(view_chunk(encode({1, Chunk{0, Bytes(limits::kBulkChunkBytes + 1), false}})));
  EXPECT_FALSE(view_chunk(encode({1, Chunk{limits::kBlobBytes + 1, Bytes(1), false}})));
  const Bytes bytes = encode({1, Chunk{0, Bytes(9, 9), false}});
  Words place(bytes.size());
  const auto shifted = place.bytes(4);
  std::copy(bytes.begin(), bytes.end(), shifted.begin());
  EXPECT_FALSE(view_chunk(shifted));
  EXPECT_TRUE(decode(shifted).ok());
}

TEST(Bulk, DamageNeverReadsAsMoreThanCanBeWritten) {
  std::mt19937_64 random(9);
  for (const Message& message : samples()) {
    const Bytes bytes = encode(message);
    for (int round = 0; round < 200; ++round) {
      Bytes damaged = bytes;
      damaged[random() % std::min<std::size_t>(damaged.size(), 200)] = static_cast<std::uint8_t>(random());
      const auto decoded = decode(damaged);
      if (!decoded.ok()) continue;
      const auto again = decode(encode(*decoded));
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(*again, *decoded);
    }
  }
}

}  // namespace
}  // namespace reeve::bulk
