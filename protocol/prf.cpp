#include "protocol/prf.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "protocol/check.h"

namespace reeve {
namespace {

constexpr std::size_t kMostWords = 7;

// Little-endian words, whatever the host: the same draws everywhere.
template <std::size_t Capacity>
class Words {
 public:
  void add(std::uint64_t word) {
    REEVE_CHECK(size_ + 8 <= Capacity, "a draw takes at most seven words");
    for (unsigned i = 0; i < 8; ++i)
      bytes_[size_++] = static_cast<std::uint8_t>(word >> (8 * i));
  }
  const std::uint8_t* data() const { return bytes_.data(); }
  std::size_t size() const { return size_; }

 private:
  std::array<std::uint8_t, Capacity> bytes_;
  std::size_t size_ = 0;
};

template <std::size_t N>
void derive(std::array<std::uint8_t, N>& key, std::string_view use,
            const std::array<std::uint8_t, 32>& secret) {
  crypto_generichash(key.data(), N, as_bytes(use).data(), use.size(), secret.data(), secret.size());
}

}  // namespace

static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);

Prf::Prf(const std::array<std::uint8_t, 32>& secret) {
  REEVE_CHECK(sodium_init() >= 0, "libsodium starts");
  derive(draw_key_, "reeve/prf/draw/v1", secret);
  derive(ticket_key_, "reeve/prf/ticket/v1", secret);
  derive(gang_key_, "reeve/prf/gang/v1", secret);
}

std::uint64_t Prf::draw_words(std::uint32_t domain, std::initializer_list<std::uint64_t> words) const {
  Words<8 * (kMostWords + 1)> input;
  input.add(domain);
  for (const std::uint64_t word : words)
    input.add(word);
  std::array<std::uint8_t, 8> hash;
  crypto_shorthash(hash.data(), input.data(), input.size(), draw_key_.data());
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i)
    value |= std::uint64_t{hash[i]} << (8 * i);
  return value;
}

msg::Ticket Prf::ticket(AttemptId attempt, AgentId agent, StepRef step, TaskRange tasks,
                        std::uint32_t replica) const {
  Words<8 * 7> input;
  for (const std::uint64_t word :
       {attempt.value(), agent.value(), step.job.value(), std::uint64_t{step.step},
        std::uint64_t{tasks.first}, std::uint64_t{tasks.count}, std::uint64_t{replica}})
    input.add(word);
  msg::Ticket ticket;
  crypto_generichash(ticket.data(), ticket.size(), input.data(), input.size(), ticket_key_.data(),
                     ticket_key_.size());
  return ticket;
}

msg::GangSecret Prf::gang_secret(AttemptId lead) const {
  Words<8> input;
  input.add(lead.value());
  msg::GangSecret secret;
  crypto_generichash(secret.data(), secret.size(), input.data(), input.size(), gang_key_.data(),
                     gang_key_.size());
  return secret;
}

bool Prf::ticket_holds(const msg::Ticket& ticket, AttemptId attempt, AgentId agent, StepRef step,
                       TaskRange tasks, std::uint32_t replica) const {
  const msg::Ticket mine = this->ticket(attempt, agent, step, tasks, replica);
  return sodium_memcmp(mine.data(), ticket.data(), mine.size()) == 0;
}

}  // namespace reeve
