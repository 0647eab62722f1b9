#include "protocol/bulk.h"

#include <gtest/gtest.h>

#include <random>

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
