#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "kernels/train/train_spec.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::client {

/// A trained model in its folder:
///   model.safetensors  the weights, for other programs
///   model.state        the whole state: weights, moments and losses
///   model.config       what it is of (kernels::encode_train_spec)
///   loss.csv, loss.svg the loss of each generation
struct TrainedModel {
  kernels::TrainSpec spec;
  Bytes state;
};

/// Mean losses of the generations that a state has behind it. kCorrupt: it is no state of this run.
Result<std::vector<double>> losses_of(const TrainedModel& model);

/// Writes every file anew. kIo: one cannot be written.
Result<void> write_model(const std::filesystem::path& folder, const TrainedModel& model);
/// Only the losses: while training goes on.
Result<void> write_losses(const std::filesystem::path& folder, const std::vector<double>& losses);
/// Reads what write_model() wrote. kNotFound; kCorrupt names the file.
Result<TrainedModel> read_model(const std::filesystem::path& folder);

/// Scores as a NumPy array of binary32, [rows, scores.size() / rows]; rows >= 1 divides their number. kIo.
Result<void> write_scores(const std::filesystem::path& file, std::size_t rows,
                          const std::vector<float>& scores);

}  // namespace reeve::client
