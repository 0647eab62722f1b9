#include "agent/shell/log_sender.h"

#include <gtest/gtest.h>

#include "protocol/limits.h"
#include "protocol/wire.h"

namespace reeve::agent {
namespace {

std::vector<TaskText> texts(std::size_t count, std::size_t bytes) {
  std::vector<TaskText> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({AttemptId(1), {JobId(2), 0}, 3, i * bytes, std::string(bytes, 'x')});
  return all;
}

std::size_t bytes_of(const std::vector<msg::LogPieces>& messages) {
  std::size_t bytes = 0;
  for (const msg::LogPieces& message : messages)
    for (const msg::LogPiece& piece : message.pieces)
      bytes += piece.text.size();
  return bytes;
}

TEST(LogSender, ARegionThatTakesNoLogsIsSentNone) {
  LogSender sender;
  sender.take(texts(3, 10));
  EXPECT_TRUE(sender.next(Time{0}).empty());
  sender.open(0, Time{0});
  EXPECT_TRUE(sender.next(Time{} + seconds(9)).empty());
  EXPECT_FALSE(sender.waits());
}

TEST(LogSender, KeepsTheRegionsRate) {
  LogSender sender;
  sender.open(100'000, Time{0});
  std::size_t sent = 0;
  for (int second = 0; second < 10; ++second) {
    for (int i = 0; i < 100; ++i) {
      sender.take(texts(1, limits::kLogPieceBytes));
      sent += bytes_of(sender.next(Time{} + seconds(second) + milliseconds(10 * i)));
    }
  }
  EXPECT_LE(sent, 11 * 100'000 + limits::kLogPieceBytes);
  EXPECT_GE(sent, 8 * 100'000u);
}

TEST(LogSender, WhatWaitsIsBoundedAndTheNewest) {
  LogSender sender;
  for (int i = 0; i < 1000; ++i)
    sender.take(texts(10, 1000));
  EXPECT_LE(sender.waiting_bytes(), LogSender::kWaitingBytes);
  sender.take({{AttemptId(1), {JobId(2), 0}, 3, 99'999, "last words"}});
  sender.open(100'000'000, Time{0});
  const auto messages = sender.next(Time{0});
  ASSERT_FALSE(messages.empty());
  EXPECT_EQ(messages.back().pieces.back().text, "last words");
  EXPECT_EQ(sender.waiting_bytes(), 0u);
}

TEST(LogSender, EveryMessageFitsTheWire) {
  LogSender sender;
  sender.open(100'000'000, Time{0});
  sender.take(texts(20, limits::kLogPieceBytes));
  sender.take(texts(3000, 1));
  for (msg::LogPieces& message : sender.next(Time{0}))
    EXPECT_TRUE(wire::decode(wire::encode(std::move(message))).ok());
}

}  // namespace
}  // namespace reeve::agent
