#pragma once

#include <filesystem>

#include "kernels/train/train_spec.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::client {

/// Reads what a model learns from into the blob that kernels read (kernels/train/dataset.h).
///   a data set that was encoded before   as it is
///   of a gpt, any other file             its bytes are the text
///   of an MLP, a CSV file                a line an image: its label, then its pixels, 0 to 255 each; a first
///                                        line of names is left out
///   of an MLP, IMAGES,LABELS             two files in the form of the MNIST database
/// An MLP's features and classes are taken from the data where the spec has 0.
/// Errors: kNotFound, kIo; kInvalid names file, line and value.
Result<Bytes> load_train_data(const std::string& files, kernels::TrainSpec& spec);

}  // namespace reeve::client
