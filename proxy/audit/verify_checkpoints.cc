// The log against its checkpoints.
#include "proxy/audit/verifier.h"

namespace pgconsent::audit {

namespace {

std::string name(const Checkpoint& checkpoint) {
  return "the checkpoint of " + checkpoint.time + " for id " + std::to_string(checkpoint.id);
}

}  // namespace

void Verifier::load_checkpoints(const std::filesystem::path& directory) {
  CheckpointList list = read_checkpoints(directory);
  const std::string file = (directory / checkpoints_name).string();
  for (std::string& problem : list.problems) result_.findings.push_back({0, 0, 0, file, std::move(problem)});
  for (Checkpoint& each : list.checkpoints) {
    if (key_ && !is_signed_by(each, key_)) {
      result_.findings.push_back({each.segment, 0, each.id, file, name(each) + " is not signed by the key"});
      continue;
    }
    const std::uint64_t id = each.id;
    checkpoints_.emplace(id, Known{std::move(each), file});
  }
}

void Verifier::check_checkpoints(const Line& line) {
  if (checkpoints_.empty()) return;
  for (auto [it, end] = checkpoints_.equal_range(line.id); it != end; ++it) {
    Known& known = it->second;
    if (known.seen) continue;  // the id is there twice, which was said
    known.seen = true;
    if (known.checkpoint.hash != line.hash || known.checkpoint.segment != file_.number) {
      finding("differs from " + name(known.checkpoint) + " in " + known.file, line_, line.id);
      continue;
    }
    ++result_.checkpoints;
    result_.signed_checkpoints += key_ ? 1 : 0;
    result_.last_checkpoint = line.id;
  }
}

void Verifier::check_unseen_checkpoints() {
  for (const auto& [id, known] : checkpoints_) {
    const Checkpoint& checkpoint = known.checkpoint;
    file_ = {checkpoint.segment, SegmentFile::Form::plain, {}};
    if (id > result_.last_id) {
      finding("the log was cut: it ends at id " + std::to_string(result_.last_id) + ", but there is " +
                  name(checkpoint) + " in " + known.file,
              0, id);
      break;  // one is enough
    }
    if (checkpoint.merkle.empty()) continue;
    const auto extent = extents_.find(checkpoint.segment);
    const auto gone = removed_.find(checkpoint.segment);
    const bool fits =
        extent != extents_.end() ? extent->second.merkle == checkpoint.merkle && extent->second.last == id
        : gone != removed_.end() ? gone->second.merkle == checkpoint.merkle && gone->second.last == id
                                 : true;
    if (!fits)
      finding("has another Merkle root or end than " + name(checkpoint) + " in " + known.file, 0, id);
  }
  file_ = {};
  if (key_ && result_.lines > 0 && result_.signed_checkpoints == 0)
    finding("no checkpoint of this log is signed by the key");
}

}  // namespace pgconsent::audit
