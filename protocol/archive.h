#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/units.h"

namespace reeve {

/// The one binary form of what Reeve stores: journal events, snapshots, step scripts.
///
/// Little-endian; unsigned and signed integers as LEB128 varints (signed zig-zag); strings, bytes and
/// containers with a count before them; variants with their index. A type says its fields once, for both
/// directions:
///
///   template <class A> void fields(A& a, TaskRange& r) { a(r.first, r.count); }
///
/// Equal values give equal bytes. The reader never trusts a count: it is bounded by the bytes that are left.
class Writer {
 public:
  static constexpr bool kReading = false;

  template <class... T>
  void operator()(const T&... values) {
    (write(values), ...);
  }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  const Bytes& bytes() const { return out_; }
  Bytes take() { return std::move(out_); }
  void clear() { out_.clear(); }

 private:
  template <class T>
  void write(const T& value);

  Bytes out_;
};

class Reader {
 public:
  static constexpr bool kReading = true;

  explicit Reader(ByteView in) : in_(in) {}

  template <class... T>
  void operator()(T&... values) {
    (read(values), ...);
  }
  /// False once anything did not fit; every later read gives zeros.
  bool ok() const { return ok_; }
  bool at_end() const { return position_ == in_.size(); }
  std::size_t remaining() const { return in_.size() - position_; }
  void fail() {
    ok_ = false;
    position_ = in_.size();
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (position_ == in_.size()) break;
      const std::uint8_t byte = in_[position_++];
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  /// The next `count` bytes, or an empty view and a failure.
  ByteView raw(std::size_t count) {
    if (count > remaining()) {
      fail();
      return {};
    }
    const ByteView view = in_.subspan(position_, count);
    position_ += count;
    return view;
  }
  /// A count of elements; each takes a byte at least, so it cannot exceed what is left.
  std::size_t count() {
    const std::uint64_t value = varint();
    if (value > remaining()) {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(value);
  }

 private:
  template <class T>
  void read(T& value);

  ByteView in_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

namespace archive_detail {

constexpr std::uint64_t zigzag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>((v >> 1) ^ (~(v & 1) + 1));
}

template <class T>
struct Codec;  // containers and the vocabulary of protocol/

template <class T>
concept HasCodec = requires(Writer& w, const T& v) {
  Codec<T>::write(w, v);
};

}  // namespace archive_detail

template <class T>
void Writer::write(const T& value) {
  if constexpr (archive_detail::HasCodec<T>) {
    archive_detail::Codec<T>::write(*this, value);
  } else if constexpr (std::is_enum_v<T>) {
    varint(static_cast<std::uint64_t>(value));
  } else if constexpr (std::same_as<T, bool> || std::unsigned_integral<T>) {
    varint(value);
  } else if constexpr (std::signed_integral<T>) {
    varint(archive_detail::zigzag(value));
  } else {
    fields(*this, const_cast<T&>(value));  // fields() of a Writer only reads
  }
}

template <class T>
void Reader::read(T& value) {
  if constexpr (archive_detail::HasCodec<T>) {
    archive_detail::Codec<T>::read(*this, value);
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(static_cast<std::underlying_type_t<T>>(varint()));
  } else if constexpr (std::same_as<T, bool>) {
    const std::uint64_t bit = varint();
    if (bit > 1) fail();
    value = bit == 1;
  } else if constexpr (std::unsigned_integral<T>) {
    const std::uint64_t wide = varint();
    value = static_cast<T>(wide);
    if (value != wide) fail();
  } else if constexpr (std::signed_integral<T>) {
    const std::int64_t wide = archive_detail::unzigzag(varint());
    value = static_cast<T>(wide);
    if (value != wide) fail();
  } else {
    fields(*this, value);
  }
}

namespace archive_detail {

template <class Tag>
struct Codec<Id<Tag>> {
  static void write(Writer& w, const Id<Tag>& v) { w.varint(v.value()); }
  static void read(Reader& r, Id<Tag>& v) { v = Id<Tag>(r.varint()); }
};

template <std::size_t N>
struct Codec<std::array<std::uint8_t, N>> {
  static void write(Writer& w, const std::array<std::uint8_t, N>& v) { w.raw(v); }
  static void read(Reader& r, std::array<std::uint8_t, N>& v) {
    const ByteView view = r.raw(N);
    if (view.size() == N) std::memcpy(v.data(), view.data(), N);
  }
};

template <>
struct Codec<std::string> {
  static void write(Writer& w, const std::string& v) {
    w.varint(v.size());
    w.raw(as_bytes(v));
  }
  static void read(Reader& r, std::string& v) {
    const ByteView view = r.raw(r.count());
    v.assign(reinterpret_cast<const char*>(view.data()), view.size());
  }
};

template <>
struct Codec<Bytes> {
  static void write(Writer& w, const Bytes& v) {
    w.varint(v.size());
    w.raw(v);
  }
  static void read(Reader& r, Bytes& v) {
    const ByteView view = r.raw(r.count());
    v.assign(view.begin(), view.end());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static void write(Writer& w, const std::vector<T>& v) {
    w.varint(v.size());
    for (const T& element : v)
      w(element);
  }
  static void read(Reader& r, std::vector<T>& v) {
    v.clear();
    const std::size_t n = r.count();
    for (std::size_t i = 0; i < n && r.ok(); ++i)
      r(v.emplace_back());
  }
};

template <class T>
struct Codec<std::deque<T>> {
  static void write(Writer& w, const std::deque<T>& v) {
    w.varint(v.size());
    for (const T& element : v)
      w(element);
  }
  static void read(Reader& r, std::deque<T>& v) {
    v.clear();
    const std::size_t n = r.count();
    for (std::size_t i = 0; i < n && r.ok(); ++i)
      r(v.emplace_back());
  }
};

template <class K, class V>
struct Codec<std::pair<K, V>> {
  static void write(Writer& w, const std::pair<K, V>& v) { w(v.first, v.second); }
  static void read(Reader& r, std::pair<K, V>& v) { r(v.first, v.second); }
};

template <class K, class V>
struct Codec<std::map<K, V>> {
  static void write(Writer& w, const std::map<K, V>& v) {
    w.varint(v.size());
    for (const auto& [key, value] : v)
      w(key, value);
  }
  static void read(Reader& r, std::map<K, V>& v) {
    v.clear();
    const std::size_t n = r.count();
    for (std::size_t i = 0; i < n && r.ok(); ++i) {
      K key{};
      V value{};
      r(key, value);
      v.emplace_hint(v.end(), std::move(key), std::move(value));
    }
  }
};

template <class K>
struct Codec<std::set<K>> {
  static void write(Writer& w, const std::set<K>& v) {
    w.varint(v.size());
    for (const K& key : v)
      w(key);
  }
  static void read(Reader& r, std::set<K>& v) {
    v.clear();
    const std::size_t n = r.count();
    for (std::size_t i = 0; i < n && r.ok(); ++i) {
      K key{};
      r(key);
      v.insert(v.end(), std::move(key));
    }
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static void write(Writer& w, const std::optional<T>& v) {
    w(v.has_value());
    if (v) w(*v);
  }
  static void read(Reader& r, std::optional<T>& v) {
    bool present = false;
    r(present);
    v.reset();
    if (present) r(v.emplace());
  }
};

template <class... Ts>
struct Codec<std::variant<Ts...>> {
  using Variant = std::variant<Ts...>;
  static void write(Writer& w, const Variant& v) {
    w.varint(v.index());
    std::visit([&w](const auto& alternative) { w(alternative); }, v);
  }
  static void read(Reader& r, Variant& v) {
    const std::uint64_t index = r.varint();
    if (index >= sizeof...(Ts)) return r.fail();
    emplace(r, v, index, std::index_sequence_for<Ts...>{});
  }
  template <std::size_t... I>
  static void emplace(Reader& r, Variant& v, std::uint64_t index, std::index_sequence<I...>) {
    ((index == I ? (r(v.template emplace<I>()), 0) : 0), ...);
  }
};

}  // namespace archive_detail

template <class A>
void fields(A& a, Time& t) {
  a(t.ns);
}
template <class A>
void fields(A& a, Duration& d) {
  a(d.ns);
}
template <class A>
void fields(A& a, TaskRange& r) {
  a(r.first, r.count);
}
template <class A>
void fields(A& a, StepRef& s) {
  a(s.job, s.step);
}
template <class A>
void fields(A& a, Digest& d) {
  a(d.bytes);
}
template <class A>
void fields(A& a, PublicKey& k) {
  a(k.bytes);
}
template <class A>
void fields(A& a, TransportKey& k) {
  a(k.bytes);
}
template <class A>
void fields(A& a, Signature& s) {
  a(s.bytes);
}

/// The bytes of one value.
template <class T>
Bytes to_archive(const T& value) {
  Writer writer;
  writer(value);
  return writer.take();
}

/// Reads one value that must fill `bytes` exactly.
template <class T>
bool from_archive(ByteView bytes, T& value) {
  Reader reader(bytes);
  reader(value);
  return reader.ok() && reader.at_end();
}

}  // namespace reeve
