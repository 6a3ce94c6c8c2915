// Mutations of a corpus without coverage feedback: the same seed gives the same inputs on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pgconsent::fuzz {

class Mutator {
 public:
  // REQUIRES: corpus is not empty and outlives the mutator.
  Mutator(const std::vector<std::string>& corpus, std::uint64_t seed);
  // One input of the corpus with a few random changes, never longer than `max_input`.
  std::string next();

  static constexpr std::size_t max_input = std::size_t{64} << 10;

 private:
  std::size_t below(std::size_t limit);  // 0 for limit 0
  const std::string& any_input();
  void change(std::string& input);

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;  // its sequence is fixed by the standard; distributions are not, hence below()
};

}  // namespace pgconsent::fuzz
