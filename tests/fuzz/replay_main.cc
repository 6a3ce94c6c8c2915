// Runs a fuzz target without libFuzzer, under whatever sanitizers the build has:
//   NAME [--mutations N] [--seconds S] [--seed X] FILE|DIRECTORY...
// every file once, then up to N mutations of them, for S seconds at most. The input that crashes, or runs for
// longer than 10 seconds, is left in ./crash-NAME, to be run again as a FILE and then to become part of the
// corpus.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/mutator.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

namespace fs = std::filesystem;

constexpr unsigned input_seconds = 10;

std::string crash_file;
const std::string* current = nullptr;

// Called from signal handlers: only async-signal-safe functions.
void save_current() {
  if (current == nullptr) return;
  const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  [[maybe_unused]] const auto written = write(file, current->data(), current->size());
  close(file);
  static constexpr char text[] = "the input is in ";
  [[maybe_unused]] const auto said =
      write(2, text, sizeof text - 1) + write(2, crash_file.c_str(), crash_file.size()) + write(2, "\n", 1);
  current = nullptr;
}

void on_signal(int number) {
  save_current();
  signal(number, SIG_DFL);
  raise(number);
}

void run_one(const std::string& input) {
  // A copy of the exact size on the heap, so that AddressSanitizer sees a read past the end.
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  bytes.shrink_to_fit();
  current = &input;
  alarm(input_seconds);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  alarm(0);
  current = nullptr;
}

std::vector<std::string> read_inputs(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const auto& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());  // directory order differs between machines
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (!in) {
      std::fprintf(stderr, "%s: can't be read\n", file.c_str());
      std::exit(2);
    }
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  crash_file = "crash-" + fs::path(argv[0]).filename().string();
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  std::uint64_t mutations = 0, seconds = 20, seed = 1;
  std::vector<fs::path> paths;
  for (int i = 1; i < argc; ++i) {
    std::uint64_t* option = nullptr;
    if (std::strcmp(argv[i], "--mutations") == 0) option = &mutations;
    if (std::strcmp(argv[i], "--seconds") == 0) option = &seconds;
    if (std::strcmp(argv[i], "--seed") == 0) option = &seed;
    if (option == nullptr) {
      paths.emplace_back(argv[i]);
    } else if (++i < argc) {
      *option = std::strtoull(argv[i], nullptr, 10);
    }
  }
  for (int number : {SIGABRT, SIGALRM}) signal(number, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_current);
  } else {
    signal(SIGSEGV, on_signal);
  }

  const auto corpus = read_inputs(paths);
  if (corpus.empty()) {
    std::fprintf(stderr, "no inputs: a replay of nothing proves nothing\n");
    return 2;
  }
  for (const auto& input : corpus) run_one(input);
  pgconsent::fuzz::Mutator mutator(corpus, seed);
  const auto deadline = Clock::now() + std::chrono::seconds(seconds);
  std::uint64_t done = 0;
  for (; done < mutations && Clock::now() < deadline; ++done) run_one(mutator.next());
  std::printf("%zu inputs, %llu mutations\n", corpus.size(), static_cast<unsigned long long>(done));
  return 0;
}
