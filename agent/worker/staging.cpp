#include "agent/worker/staging.h"

#include <sys/stat.h>

#include <algorithm>

#include "agent/sandbox/scratch.h"
#include "protocol/bundle_files.h"

namespace reeve::agent::worker {
namespace {

namespace fs = std::filesystem;

bool within(const std::string& path, const std::string& folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

Error failed(const std::string& what, const std::error_code& error) {
  return {ErrorCode::kIo, what + ": " + error.message(), "look at the free space of the agent's disk"};
}

Result<void> copy_file(const fs::path& from, const fs::path& to, bool executable) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return failed("cannot copy an input to " + to.filename().string(), error);
  if (chmod(to.c_str(), executable ? 0755 : 0644) != 0)
    return failed("cannot set the mode of an input", std::error_code(errno, std::generic_category()));
  return {};
}

}  // namespace

StagedInputs::~StagedInputs() {
  // What cannot be removed now is removed when the next worker of the slot starts.
  (void)sandbox::remove_tree(folder_).ok();
}

Result<void> StagedInputs::prepare(const std::vector<openjd::StagedInput>& inputs,
                                   const std::vector<std::pair<Digest, std::string>>& cached) {
  ready_.clear();
  if (const auto made = sandbox::fresh_folder(folder_); !made) return made;
  for (const openjd::StagedInput& input : inputs) {
    const auto at = std::find_if(cached.begin(), cached.end(),
                                 [&input](const auto& candidate) { return candidate.first == input.digest; });
    std::error_code error;
    if (at == cached.end() || !fs::exists(at->second, error))
      return Error{ErrorCode::kNotFound,
                   "the input for '" + input.path + "', sha256:" + to_hex(input.digest) + ", is not here",
                   "name it among the step's inputs"};
    if (auto made = make_ready(input, at->second); !made) return made;
  }
  for (const Ready& a : ready_) {
    for (const Ready& b : ready_)
      copied_ = copied_ || (&a != &b && within(a.path, b.path));
  }
  return {};
}

Result<void> StagedInputs::make_ready(const openjd::StagedInput& input, const std::string& cached) {
  Ready ready{input.path, cached, input.folder, input.executable};
  const fs::path own = folder_ / std::to_string(ready_.size());
  if (input.folder) {
    if (auto unpacked = unpack_bundle(cached, own); !unpacked) return unpacked.error();
    ready.source = own;
  } else if (input.executable) {  // the cache keeps bytes and no modes
    if (auto copied = copy_file(cached, own, true); !copied) return copied;
    ready.source = own;
  }
  ready_.push_back(std::move(ready));
  return {};
}

Result<void> StagedInputs::place(const fs::path& work) const {
  if (!copied_) return {};
  for (const Ready& input : ready_) {
    if (input.folder) {
      std::error_code error;
      fs::create_directories(work / input.path, error);
      fs::copy(input.source, work / input.path,
               fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
      if (error) return failed("cannot copy the input '" + input.path + "'", error);
    } else if (auto copied = copy_file(input.source, work / input.path, input.executable); !copied) {
      return copied;
    }
  }
  return {};
}

std::vector<sandbox::Mount> StagedInputs::mounts() const {
  std::vector<sandbox::Mount> mounts;
  if (copied_) return mounts;
  for (const Ready& input : ready_)
    mounts.push_back({input.source, std::string(sandbox::kWorkFolder) + "/" + input.path});
  return mounts;
}

Result<void> StagedInputs::check_places(const fs::path& work) const {
  if (copied_) return {};
  for (const Ready& input : ready_) {
    fs::path at = work;
    for (const fs::path& part : fs::path(input.path)) {
      at /= part;
      std::error_code error;
      const fs::file_status status = fs::symlink_status(at, error);
      const bool last = at == work / input.path;
      const bool right = !fs::exists(status) ||
                         (last && !input.folder ? fs::is_regular_file(status) : fs::is_directory(status));
      if (!right)
        return Error{ErrorCode::kInvalid,
                     "the program put something else in the place of its input '" + input.path + "'",
                     "leave inputs where they are"};
    }
  }
  return {};
}

bool StagedInputs::covers(const std::string& path) const {
  return std::any_of(ready_.begin(), ready_.end(),
                     [&path](const Ready& input) { return within(path, input.path); });
}

}  // namespace reeve::agent::worker
