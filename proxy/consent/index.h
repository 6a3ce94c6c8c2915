// The consent index: what a consent store holds, in memory, and how sure it is of it.
//
//   feed --> [writer thread: read, apply, confirm] --> Published --> Reader::view(), on any thread
//   feed --> [builder thread: snapshot, catch up] --> the writer takes its tables over
//
// On doubt views are unknown: a gap, a lost connection, a change that can't be carried out, a confirmation
// older than the bound. A rebuild that was asked for goes on beside the tables in force.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proxy/consent/feed.h"
#include "proxy/consent/follower.h"
#include "proxy/consent/reader.h"

namespace pgconsent::consent {

SteadyTime steady_now();

class Index {
 public:
  using Duration = std::chrono::microseconds;
  struct Settings {
    std::vector<KindSpec> kinds;
    Duration bound = std::chrono::milliseconds(250);       // older than this is unknown
    Duration heartbeat = std::chrono::milliseconds(50);    // a look at the store where nothing is announced
    Duration min_interval = std::chrono::milliseconds(2);  // between two looks
    Duration lead = std::chrono::milliseconds(5);          // consent ends this much early
    Duration gap_patience = std::chrono::seconds(1);       // then a gap or failed change means rebuild
    Duration first_retry = std::chrono::milliseconds(20);  // doubles up to max_retry
    Duration max_retry = std::chrono::seconds(2);
    std::size_t idle_entries = 4'000'000;  // so many make a rebuild worthwhile
    SteadyClock now = steady_now;
  };

  // Starts the threads and the first build. `connect` is called on both.
  Index(Settings settings, ConnectFeed connect);
  ~Index();  // stop()
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // Thread-safe. A reader must not outlive the index.
  Reader reader() const;
  // For keys of this index's readers (key_from_text, key_from_binary).
  const HashSecret& secret() const { return secret_; }

  // Thread-safe. What is known about the index's own state, for metrics and the log.
  struct Status {
    bool known = false;
    std::string reason;           // why not
    std::optional<Duration> age;  // since the tables were last known to be up to date; empty: they are not
    std::int64_t sequence = 0;    // the last change carried out
    std::uint64_t changes = 0, builds = 0, failed_builds = 0, gaps = 0, lost_connections = 0;
    std::size_t records = 0, bytes = 0, idle_entries = 0;  // of the tables in force, as of `builds`' or later
    Duration build_time{0};                                // of the last build
  };
  Status status() const;

  // Thread-safe. Builds anew from the store; the tables in force go on being kept current meanwhile.
  void request_rebuild();

  // Ends the threads; views are unknown from then on.
  void stop();

 private:
  struct Built {
    std::unique_ptr<Follower> follower;
    std::string error;
    Duration time{0};
  };
  // A feed that stop() can reach.
  class FeedSlot {
   public:
    ConsentFeed* get() const { return feed_.get(); }
    void put(std::unique_ptr<ConsentFeed> feed);
    void interrupt();

   private:
    std::mutex mutex_;  // guards the pointer against interrupt()
    std::unique_ptr<ConsentFeed> feed_;
    bool interrupted_ = false;
  };

  void write();
  void follow();
  bool ensure_feed();
  void look_after_build();
  void build();
  void adopt(std::unique_ptr<Follower> follower, Duration time);
  void fail_build(const std::string& error);
  Follower::Outcome catch_up(Follower& follower, ConsentFeed& feed) const;
  void handle(Follower& follower, Follower::Outcome outcome);
  void confirm(SteadyTime at);
  void distrust(const std::string& reason);
  void pause(Duration time);
  Duration backoff();
  void note_figures();
  Follower::Settings follower_settings() const;
  bool is_stopping() const;

  const Settings settings_;
  const ConnectFeed connect_;
  const HashSecret secret_;
  Published published_;
  FeedSlot feed_, build_feed_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  Status status_;
  std::optional<Built> built_;
  bool building_ = false, rebuild_requested_ = false, stopping_ = false;

  // The writer's own.
  std::unique_ptr<Follower> live_;
  std::thread builder_;
  bool must_rebuild_ = true;  // nothing to follow, or it can't be followed any more
  std::optional<SteadyTime> doubt_since_;
  Duration retry_{0};
  SteadyTime next_build_ = always, next_figures_ = always;

  std::thread writer_;
};

}  // namespace pgconsent::consent
