#pragma once

#include <filesystem>

#include "protocol/stream_file.h"
#include "scheduler/shell/blob_store.h"
#include "scheduler/shell/readership.h"

namespace reeve::shell {

/// blobs/ab/cdef…: a file a blob under its name in hexadecimal; incoming/ holds what is on its way, under the
/// name that it is to have where that is known. At open everything else that lies there goes.
class FolderBlobStore final : public BlobStore {
 public:
  static Result<std::unique_ptr<FolderBlobStore>> open(const std::filesystem::path& folder);

  /// What resume() goes on from, at most: those bytes are hashed again while the caller waits.
  static constexpr std::uint64_t kResumedBytes = 1ULL << 30;

  Result<std::unique_ptr<BlobWriter>> begin() override;
  Result<std::unique_ptr<BlobWriter>> resume(const Digest& name) override;
  bool has_partial(const Digest& name) const override;
  Result<void> sweep(Time before) override;
  bool has(const Digest& digest) const override;
  Result<BlobInfo> info(const Digest& digest) const override;
  Result<std::unique_ptr<BlobReader>> open(const Digest& digest) const override;
  Result<void> remove(const Digest& digest) override;
  Result<void> list(const std::function<bool(const BlobInfo&)>& visit) const override;
  std::uint64_t free_bytes() const override;

 private:
  explicit FolderBlobStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path path_of(const Digest& digest) const;
  std::filesystem::path partial_path(const Digest& name) const;

  std::filesystem::path folder_;
  std::shared_ptr<PieceWriter> pieces_ = std::make_shared<PieceWriter>();
  mutable Readership readership_;
};

}  // namespace reeve::shell
