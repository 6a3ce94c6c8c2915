#include "proxy/net/dial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/net/certificates.h"

namespace pgconsent::net {
namespace {

using config::Endpoint;
using config::ServerTls;
using ::testing::HasSubstr;

// Listens on a free port of 127.0.0.1 and plays a server that answers SSLRequest as told.
class FakeServer {
 public:
  explicit FakeServer(std::string answer, TlsContext tls = nullptr)
      : answer_(std::move(answer)), tls_(std::move(tls)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 8);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::uint16_t port = 0;

 private:
  void run() {
    int client = ::accept(fd_, nullptr, nullptr);
    if (client < 0) return;
    char request[8];
    if (!answer_.empty() && ::recv(client, request, sizeof request, MSG_WAITALL) == sizeof request) {
      ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      Stream stream(client);  // blocking here: one call does the handshake
      if (tls_ && stream.start_tls_server(tls_.get())) stream.handshake();
    }
    while (::recv(client, request, sizeof request, 0) > 0) continue;
    ::close(client);
  }
  std::string answer_;
  TlsContext tls_;
  int fd_ = -1;
  std::thread thread_;
};

Dial::Result dial(std::vector<Endpoint> endpoints, ServerTls::Mode mode,
                  const std::filesystem::path& ca = {}) {
  asio::io_context io;
  DialOptions options{mode, make_server_context({mode, ca}).context, std::chrono::milliseconds(500)};
  std::vector<ServerAddress> hosts;
  for (auto& endpoint : endpoints) hosts.push_back({endpoint, {}});
  Dial::Result out;
  int calls = 0;
  auto dialling = std::make_shared<Dial>(io, hosts, options, [&](Dial::Result result) {
    ++calls;
    out.error = result.error;
    out.address = result.address;
    if (result.peer) out.error = result.peer->stream().is_tls() ? "tls" : "plain";
  });
  dialling->start();
  dialling.reset();
  io.run();
  EXPECT_EQ(calls, 1);
  return out;
}

TlsContext listen_tls() {
  return make_listen_context({config::ListenTls::Mode::allow,
                              certificates().server.certificate,
                              certificates().server.key,
                              {}})
      .context;
}

TEST(Dial, ConnectsPlain) {
  FakeServer server("");
  auto result = dial({{"127.0.0.1", server.port}}, ServerTls::Mode::disable);
  EXPECT_EQ(result.error, "plain");
  EXPECT_EQ(result.address.endpoint.port, server.port);
  EXPECT_GT(result.address.address.length, 0u);
}

TEST(Dial, PreferLeavesLoopbackPlain) {
  FakeServer server("");
  EXPECT_EQ(dial({{"127.0.0.1", server.port}}, ServerTls::Mode::prefer).error, "plain");
}

TEST(Dial, RequireTakesTls) {
  FakeServer server("S", listen_tls());
  EXPECT_EQ(dial({{"127.0.0.1", server.port}}, ServerTls::Mode::require).error, "tls");
}

TEST(Dial, VerifyFullWithNameAndResolver) {
  FakeServer server("S", listen_tls());
  EXPECT_EQ(
      dial({{"localhost", server.port}}, ServerTls::Mode::verify_full, certificates().server.certificate)
          .error,
      "tls");
}

TEST(Dial, VerifyFullRefusesAStranger) {
  FakeServer server("S", listen_tls());
  auto result =
      dial({{"127.0.0.1", server.port}}, ServerTls::Mode::verify_full, certificates().stranger.certificate);
  EXPECT_THAT(result.error, HasSubstr("certificate verify failed"));
}

TEST(Dial, RequireRefusesAServerWithoutTls) {
  FakeServer server("N");
  EXPECT_THAT(dial({{"127.0.0.1", server.port}}, ServerTls::Mode::require).error,
              HasSubstr("the server does not offer TLS"));
}

// CVE-2021-23222 on the server's side, and CVE-2024-10977.
TEST(Dial, RefusesBytesBehindTheTlsAnswerAndUnencryptedErrors) {
  {
    FakeServer server("Sxyz");
    EXPECT_THAT(dial({{"127.0.0.1", server.port}}, ServerTls::Mode::require).error,
                HasSubstr("unencrypted data"));
  }
  FakeServer server("Ean error text");
  auto error = dial({{"127.0.0.1", server.port}}, ServerTls::Mode::require).error;
  EXPECT_THAT(error, HasSubstr("refused to negotiate TLS"));
  EXPECT_THAT(error, ::testing::Not(HasSubstr("an error text")));
}

TEST(Dial, TriesTheHostsInOrderAndNamesAllFailures) {
  FakeServer server("");
  auto result =
      dial({{"127.0.0.1", 1}, {"/nonexistent", 5432}, {"127.0.0.1", server.port}}, ServerTls::Mode::disable);
  EXPECT_EQ(result.error, "plain");
  EXPECT_EQ(result.address.endpoint.port, server.port);
  result = dial({{"127.0.0.1", 1}, {"/nonexistent", 5432}}, ServerTls::Mode::disable);
  EXPECT_EQ(result.error,
            "127.0.0.1:1: Connection refused; /nonexistent/.s.PGSQL.5432: No such file or directory");
}

TEST(Dial, GivesUpOnASilentServer) {
  FakeServer server("");  // accepts, and never answers the SSLRequest
  EXPECT_THAT(dial({{"127.0.0.1", server.port}}, ServerTls::Mode::require).error,
              HasSubstr("no answer in time"));
}

TEST(Dial, CancelledDoesNotCallBack) {
  FakeServer server("");
  asio::io_context io;
  bool called = false;
  std::vector<ServerAddress> hosts{{{"127.0.0.1", server.port}, {}}};
  auto dialling = std::make_shared<Dial>(io, hosts, DialOptions{}, [&](Dial::Result) { called = true; });
  dialling->start();
  dialling->cancel();
  io.run();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace pgconsent::net
