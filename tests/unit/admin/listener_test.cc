// The admin listener by sockets: pages, limits, clients that are slow, many or wrong.
#include "proxy/admin/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "proxy/admin/pages/site.h"

namespace pgconsent::admin {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no connection");
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;

  void send(const std::string& text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  // Until `end` was said, or the other side has closed.
  std::string receive(const std::string& end = "") {
    std::string all;
    char piece[4096];
    pollfd ready{fd_, POLLIN, 0};
    while ((end.empty() || all.find(end) == all.npos) && ::poll(&ready, 1, 10'000) == 1) {
      const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) {
        closed_ = true;
        break;
      }
      all.append(piece, static_cast<std::size_t>(n));
    }
    return all;
  }
  bool is_closed() const { return closed_; }

 private:
  int fd_;
  bool closed_ = false;
};

class AdminTest : public testing::Test {
 protected:
  void start(ListenerLimits limits = {}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(fd, 64), 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    Sources sources;
    sources.numbers = [this] {
      if (fails_) throw std::runtime_error("out of memory");
      Numbers numbers;
      numbers.sessions = ++asked_;
      return numbers;
    };
    sources.problems = [this] {
      return ready_ ? std::vector<std::string>{}
                    : std::vector<std::string>{"draining", "database app: no rules"};
    };
    listener_ = std::make_unique<Listener>(fd, std::move(sources), ListenerOptions{limits, nullptr, site_});
    listener_->start();
  }

  std::string ask(const std::string& request) {
    Client client(port_);
    client.send(request);
    return client.receive();
  }
  std::string get(const std::string& path) {
    return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<bool> ready_{true}, fails_{false};
  std::shared_ptr<pages::Site> site_;
  std::unique_ptr<Listener> listener_;
};

// With the auditors' pages, whose audit database does not answer.
class PagesTest : public AdminTest {
 protected:
  void SetUp() override {
    pages::Settings settings;
    settings.target = {"127.0.0.1", 1, "audit", "disable", ""};
    site_ = std::make_shared<pages::Site>(std::move(settings), pages::Sources{});
    start();
  }
  std::string page(const std::string& method, const std::string& path, const std::string& headers = "",
                   const std::string& body = "") {
    std::string request =
        method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers;
    if (method == "POST")
      request += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n";
    return ask(request + "\r\n" + body);
  }
  static std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const std::size_t at = text.find(begin);
    if (at == text.npos) return {};
    return text.substr(at + begin.size(), text.find(end, at + begin.size()) - at - begin.size());
  }
};

TEST_F(AdminTest, Pages) {
  start();
  EXPECT_THAT(get("/health"),
              testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), testing::EndsWith("\r\n\r\nalive\n")));
  EXPECT_THAT(get("/ready"),
              testing::AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), testing::EndsWith("\r\n\r\nready\n")));
  const std::string metrics = get("/metrics");
  EXPECT_THAT(metrics, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(metrics, HasSubstr("pgconsent_sessions_total 1\n"));
  EXPECT_THAT(get("/metrics?x=y"), HasSubstr("pgconsent_sessions_total 2\n"));
  ready_ = false;
  EXPECT_THAT(get("/ready"), testing::AllOf(StartsWith("HTTP/1.1 503 "),
                                            testing::EndsWith("\r\n\r\ndraining\ndatabase app: no rules\n")));
  EXPECT_THAT(get("/health"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminTest, OtherRequests) {
  start();
  EXPECT_THAT(get("/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(get("/metrics/.."), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(get("http://evil/metrics"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
  const std::string head = ask("HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, testing::AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 6\r\n"),
                                   Not(HasSubstr("alive"))));
  EXPECT_THAT(ask("GET /health HTTP/1.0\r\n\r\n"), testing::EndsWith("alive\n"));
}

TEST_F(AdminTest, BadRequestsEndTheirConnection) {
  start();
  EXPECT_THAT(ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(std::string("\0\1\2\3\r\n\r\n", 8)), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /health HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /health HTTP/1.1\r\nHost x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /health HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("GET /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("GET /health HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(ask("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(get("/health"), testing::EndsWith("alive\n"));
}

TEST_F(AdminTest, KeepsConnectionsForAWhile) {
  ListenerLimits limits;
  limits.requests = 3;
  start(limits);
  Client client(port_);
  const std::string request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(request);
  EXPECT_THAT(client.receive("alive\n"), StartsWith("HTTP/1.1 200 "));
  client.send(request + request + request);  // pipelined; the last is one too many
  const std::string rest = client.receive();
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(rest.find("alive\n"), rest.rfind("alive\n", rest.rfind("HTTP/1.1 200")));
  EXPECT_THAT(rest, testing::AllOf(HasSubstr("Connection: close"), testing::EndsWith("alive\n")));
}

TEST_F(AdminTest, SlowClientsAreCutOff) {
  ListenerLimits limits;
  limits.timeout = std::chrono::seconds(1);
  start(limits);
  const auto begin = Clock::now();
  Client silent(port_), slow(port_);
  for (const char c : {'G', 'E', 'T', ' ', '/'}) {
    slow.send(std::string(1, c));
    ::usleep(150'000);
  }
  EXPECT_EQ(slow.receive(), "");
  EXPECT_EQ(silent.receive(), "");
  EXPECT_TRUE(silent.is_closed() && slow.is_closed());
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  EXPECT_THAT(get("/health"), testing::EndsWith("alive\n"));
}

TEST_F(AdminTest, ManyConnections) {
  ListenerLimits limits;
  limits.connections = 4;
  start(limits);
  {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(std::make_unique<Client>(port_));
    clients.front()->send("GET /health HTTP/1.1\r\n\r\n");  // answered behind the accept of all four
    EXPECT_THAT(clients.front()->receive("alive\n"), StartsWith("HTTP/1.1 200 "));
    clients.back()->send("GET /health HTTP/1.1\r\n\r\n");
    EXPECT_THAT(clients.back()->receive("alive\n"), StartsWith("HTTP/1.1 200 "));
    Client fifth(port_);
    EXPECT_EQ(fifth.receive(), "");
    EXPECT_TRUE(fifth.is_closed());
  }
  std::string answered;
  for (const auto end = Clock::now() + std::chrono::seconds(10); answered.empty() && Clock::now() < end;)
    answered = ask("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answered, testing::EndsWith("alive\n"));
}

TEST_F(AdminTest, AFailureEndsOneRequestOnly) {
  start();
  fails_ = true;
  EXPECT_THAT(get("/metrics"), Not(HasSubstr("200")));
  fails_ = false;
  EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(PagesTest, NobodySeesThemWithoutSigningIn) {
  EXPECT_THAT(page("GET", "/health"), testing::EndsWith("alive\n"));
  for (const char* path : {"/", "/overview", "/statements", "/statements/1", "/statements.csv", "/rules",
                           "/nowhere", "/x%20y"}) {
    const std::string answer = page("GET", path);
    EXPECT_THAT(answer, testing::AllOf(StartsWith("HTTP/1.1 303 "), HasSubstr("Location: /sign-in"))) << path;
  }
  EXPECT_THAT(page("POST", "/integrity/verify", "", "csrf="), StartsWith("HTTP/1.1 303 "));
  const std::string sign_in = page("GET", "/sign-in");
  EXPECT_THAT(sign_in,
              testing::AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("<input type=\"hidden\" name=\"csrf\""),
                             HasSubstr("frame-ancestors 'none'"), HasSubstr("HttpOnly; SameSite=Strict"),
                             HasSubstr("nosniff")));
  const std::string style = between(sign_in, "<link rel=\"stylesheet\" href=\"", "\"");
  EXPECT_THAT(page("GET", style),
              testing::AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("text/css"), HasSubstr("immutable")));
  EXPECT_THAT(page("GET", "/assets/x/style.css"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(page("HEAD", "/sign-in"), testing::EndsWith("\r\n\r\n"));
}

TEST_F(PagesTest, SigningInNeedsTheFormAndTheDatabase) {
  const std::string form = page("GET", "/sign-in");
  const std::string cookie = between(form, "Set-Cookie: ", ";"),
                    token = between(form, "name=\"csrf\" value=\"", "\"");
  const std::string body = "user=a%3Cb%3E&password=secret&csrf=" + token;
  EXPECT_THAT(page("POST", "/sign-in", "", body), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(page("POST", "/sign-in", "Cookie: " + cookie + "\r\nOrigin: http://evil\r\n", body),
              StartsWith("HTTP/1.1 403 "));
  const std::string answer =
      page("POST", "/sign-in", "Cookie: " + cookie + "\r\nOrigin: http://localhost\r\n", body);
  EXPECT_THAT(answer, testing::AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("be reached"),
                                     HasSubstr("value=\"a&lt;b&gt;\""), Not(HasSubstr("secret"))));
}

TEST_F(PagesTest, WhatIsNoFormIsRefused) {
  EXPECT_THAT(page("DELETE", "/sign-in"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(page("POST", "/overview", "", "a=b"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(page("POST", "/health", "", "a=b"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(page("POST", "/sign-in", "", std::string(9000, 'x')), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("GET /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      ask("POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"),
      StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(page("GET", "/%00"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(page("GET", "http://evil/sign-in"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /sign-in HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
}

TEST_F(AdminTest, StopsWithConnectionsOpen) {
  start();
  Client idle(port_), begun(port_);
  begun.send("GET /hea");
  EXPECT_THAT(get("/health"), testing::EndsWith("alive\n"));
  listener_->stop();
  listener_.reset();
  EXPECT_EQ(idle.receive(), "");
  EXPECT_EQ(begun.receive(), "");
  EXPECT_THROW(Client late(port_), std::runtime_error);
}

}  // namespace
}  // namespace pgconsent::admin
