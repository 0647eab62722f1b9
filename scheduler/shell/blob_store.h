#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "protocol/bytes.h"
#include "protocol/result.h"
#include "protocol/units.h"

/// Where inputs and results of jobs lie, named by their SHA-256. Every implementation passes the same
/// contract test.
namespace reeve::shell {

/// A blob on its way in. Dropped without finish() it is as if it had never been, unless resume() made it:
/// then its bytes wait for the next writer of that name.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Result<void> write(ByteView bytes) = 0;
  virtual std::uint64_t size_bytes() const = 0;
  /// Durable when it returns. kCorrupt: the bytes are not those of `expected`; nothing is kept.
  virtual Result<void> finish(const Digest& expected) = 0;
};

/// A blob that is held, open to be read; readable for as long as the reader lives, whatever becomes of the
/// name. Reads that follow one another are what it is made for.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::uint64_t size_bytes() const = 0;
  /// Reads into `out` from `offset` on; returns how many bytes there were, fewer than asked only at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
};

struct BlobInfo {
  Digest digest;
  std::uint64_t size_bytes = 0;
  Time stored;  // when it was put, or put again
};

/// May be used by several threads at once; a writer by one.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual Result<std::unique_ptr<BlobWriter>> begin() = 0;
  /// As begin(), for a blob whose name is known: goes on after the bytes that an earlier writer of that name
  /// left, be it of an earlier process. A second writer of the same name begins anew.
  virtual Result<std::unique_ptr<BlobWriter>> resume(const Digest& name) = 0;
  /// True while bytes that a writer of resume() left, or writes now, are there.
  virtual bool has_partial(const Digest& name) const = 0;
  /// Forgets what writers of resume() left before that time.
  virtual Result<void> sweep(Time before) = 0;
  virtual bool has(const Digest& digest) const = 0;
  /// kNotFound when it is not held.
  virtual Result<BlobInfo> info(const Digest& digest) const = 0;
  /// kNotFound when it is not held.
  virtual Result<std::unique_ptr<BlobReader>> open(const Digest& digest) const = 0;
  virtual Result<void> remove(const Digest& digest) = 0;
  /// Every blob, in the order of their names, until the visitor returns false.
  virtual Result<void> list(const std::function<bool(const BlobInfo&)>& visit) const = 0;
  /// What the disk has left.
  virtual std::uint64_t free_bytes() const = 0;
};

}  // namespace reeve::shell
