#include <cmath>
#include <thread>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/commands/job_options.h"
#include "client/quantities.h"
#include "client/train/train_data.h"
#include "client/train/train_job.h"
#include "client/train/train_watch.h"
#include "kernels/train/train.h"

namespace reeve::client {
namespace {

struct TrainFlags {
  std::string config;
  std::string data;
  JobOptions job;
};

struct UseFlags {
  std::string folder;
  std::string data;
  std::string file;
  std::string prompt = "\n";
  std::uint32_t bytes = 200;
  float temperature = 1;
  std::uint32_t seed = 0;
};

Error kernel_error(const std::string& error) {
  return {ErrorCode::kInvalid, error, "see docs/guides/training.md"};
}

kernels::TrainOptions here() {
  kernels::TrainOptions options;
  options.threads = std::max(std::thread::hardware_concurrency(), 1U);
  return options;
}

Result<ExitCode> train(Context& context, TrainFlags& flags) {
  if (flags.config.empty() || flags.data.empty())
    return Error{ErrorCode::kInvalid,
                 flags.config.empty() ? "no configuration was given" : "--data is missing",
                 "`reeve train CONFIG.toml --data FILE -o DIR`; docs/guides/training.md shows a CONFIG.toml"};
  auto config = load_train_config(flags.config);
  if (!config) return config.error();
  auto data = load_train_data(flags.data, config->spec);
  if (!data) return data.error();
  SubmitOptions submit = flags.job.submit;
  // A model is what a run is for: who names a folder waits for it.
  flags.job.wait = flags.job.wait || !flags.job.folder.empty();
  if (auto resolved = resolve_after(context, flags.job, submit); !resolved) return resolved.error();
  const auto built = build_training(*config, std::move(*data), submit);
  if (!built) return built.error();
  if (flags.job.dry_run) {
    context.output().show(dry_run_view(*built, context.output().style()));
    return kExitOk;
  }
  if (!flags.job.folder.empty()) {
    if (auto made = make_output_folder(flags.job.folder); !made) return made.error();
  }
  const auto accepted = send_job(context, *built);
  if (!accepted) return accepted.error();
  const View view = accepted_view(*accepted, *built);
  if (!flags.job.wait) {
    context.output().show(view);
    return kExitOk;
  }
  context.output().note(view.text.substr(0, view.text.size() - 1));
  return watch_training(context, accepted->job, config->spec, {flags.job.progress, flags.job.folder});
}

/// A trained model and data of its kind; the data set is a view of `bytes`.
struct ModelAndData {
  TrainedModel model;
  Bytes bytes;
  kernels::Dataset dataset;
};

Result<ModelAndData> read_model_and_data(const UseFlags& flags) {
  ModelAndData read;
  auto model = read_model(flags.folder);
  if (!model) return model.error();
  read.model = std::move(*model);
  auto bytes = load_train_data(flags.data, read.model.spec);
  if (!bytes) return bytes.error();
  read.bytes = std::move(*bytes);
  std::string error;
  if (!kernels::decode_dataset(read.bytes, read.dataset, error) ||
      !kernels::check_dataset(read.model.spec, read.dataset, error))
    return kernel_error(error);
  return read;
}

Result<ExitCode> evaluate(Context& context, const UseFlags& flags) {
  const auto read = read_model_and_data(flags);
  if (!read) return read.error();
  kernels::TrainEvaluation found;
  std::string error;
  if (!kernels::train_evaluate(read->model.spec, read->model.state, read->dataset, here(), found, error))
    return kernel_error(error);
  const double rows = static_cast<double>(std::max<std::uint64_t>(found.rows, 1));
  const double loss =
      std::ldexp(static_cast<double>(found.loss_sum), -static_cast<int>(kernels::kLossScaleLog2)) / rows;
  const double accuracy = static_cast<double>(found.correct) / rows;
  char text[160];
  std::snprintf(text, sizeof text, "%s rows: loss %.4f, %.2f %% right\n", format_count(found.rows).c_str(),
                loss, 100 * accuracy);
  context.output().show(
      {{{"evaluation",
         {{"rows", found.rows}, {"correct", found.correct}, {"loss", loss}, {"accuracy", accuracy}}}},
       text,
       text});
  return kExitOk;
}

/// Of each image; of a text, of the byte after each one of its first piece.
Result<ExitCode> scores(Context& context, const UseFlags& flags) {
  const auto read = read_model_and_data(flags);
  if (!read) return read.error();
  const bool images = read->dataset.kind == kernels::DatasetKind::kImages;
  const std::size_t length =
      images ? read->dataset.features
             : std::min<std::size_t>(read->dataset.values.size(), read->model.spec.gpt.context);
  const std::size_t pieces = images ? read->dataset.rows : 1;
  std::vector<float> all;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    std::string error;
    const std::vector<float> some =
        kernels::train_logits(read->model.spec, read->model.state,
                              read->dataset.values.subspan(piece * length, length), here(), error);
    if (!error.empty()) return kernel_error(error);
    all.insert(all.end(), some.begin(), some.end());
  }
  const std::size_t rows = images ? pieces : length;
  if (auto written = write_scores(flags.file, rows, all); !written) return written.error();
  const std::string text = format_count(rows) + " rows of " + format_count(all.size() / rows) + " scores\n";
  context.output().show(
      {{{"scores", {{"rows", rows}, {"columns", all.size() / rows}, {"file", flags.file}}}}, text, text});
  return kExitOk;
}

Result<ExitCode> sample(Context& context, const UseFlags& flags) {
  const auto model = read_model(flags.folder);
  if (!model) return model.error();
  std::string error;
  const kernels::TrainBytes written =
      kernels::train_sample(model->spec, model->state, as_bytes(flags.prompt),
                            {flags.bytes, flags.temperature, flags.seed}, here(), error);
  if (!error.empty()) return kernel_error(error);
  std::string text = flags.prompt + std::string(written.begin(), written.end());
  for (char& c : text)  // what a model wrote must not steer the reader's terminal
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') c = '?';
  const Json safe = Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
  context.output().show({{{"text", safe}}, text + "\n", text + "\n"});
  return kExitOk;
}

void add_model(const Verb& verb, UseFlags& flags) {
  verb.option("model", flags.folder, "The folder that `reeve train -o` wrote").type("DIR").required();
}

}  // namespace

void add_train_commands(CommandLine& line) {
  auto flags = std::make_shared<TrainFlags>();
  const Verb& verb =
      line.verb(line.root(), "train", "Train a model on many agents: the same bits whoever takes part",
                [flags](Context& context) { return train(context, *flags); });
  verb.option("config", flags->config, "A TOML file: model, generations, optimizer");
  verb.option("--data", flags->data,
              "What it learns from: text, a CSV file of labelled images, or IMAGES,LABELS of MNIST")
      .type("FILE");
  add_job_options(verb, flags->job);

  auto use = std::make_shared<UseFlags>();
  const Verb& eval = line.verb(verb, "eval", "Measure a trained model on other data, here",
                               [use](Context& context) { return evaluate(context, *use); });
  add_model(eval, *use);
  eval.option("--data", use->data, "As of `reeve train`").type("FILE").required();
  const Verb& score = line.verb(
      verb, "scores", "Write a trained model's scores of data, before any softmax, as a NumPy array",
      [use](Context& context) { return scores(context, *use); });
  add_model(score, *use);
  score.option("--data", use->data, "As of `reeve train`; of a text, its first piece")
      .type("FILE")
      .required();
  score.option("-o,--out", use->file, "The .npy file to write").type("FILE").required();
  const Verb& write = line.verb(verb, "sample", "Let a trained gpt write, here",
                                [use](Context& context) { return sample(context, *use); });
  add_model(write, *use);
  write.option("--prompt", use->prompt, "What the text begins with");
  write.option("--bytes", use->bytes, "How many bytes it writes")
      .between(1, kernels::kMaxSampleBytes)
      .with_default();
  write.option("--temperature", use->temperature, "0: always the likeliest byte")
      .between(0, 100)
      .with_default();
  write.option("--seed", use->seed, "Another one, another text").with_default();
}

}  // namespace reeve::client
