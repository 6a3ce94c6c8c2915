#include "proxy/net/stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "proxy/net/tls_context.h"
#include "tests/unit/net/certificates.h"

namespace pgconsent::net {
namespace {

using config::ListenTls;
using config::ServerTls;
using Status = Stream::Status;
using ::testing::HasSubstr;

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    ::signal(SIGPIPE, SIG_IGN);
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    left.emplace(fds[0]);
    right.emplace(fds[1]);
  }
  ~StreamTest() override {
    left.reset();
    right.reset();
    for (int fd : fds) {
      if (fd >= 0) ::close(fd);
    }
  }

  static TlsContext listen_context(bool client_certificates = false) {
    ListenTls tls{ListenTls::Mode::require, certificates().server.certificate, certificates().server.key, {}};
    if (client_certificates) tls.client_ca = certificates().client.certificate;
    auto [context, error] = make_listen_context(tls);
    EXPECT_EQ(error, "");
    return context;
  }
  static TlsContext server_context(ServerTls::Mode mode, const std::filesystem::path& ca = {}) {
    auto [context, error] = make_server_context({mode, ca});
    EXPECT_EQ(error, "");
    return context;
  }

  // Both sides in turn until each has an outcome: `left` is the TLS client.
  std::pair<Status, Status> shake_hands() {
    Status client = Status::want_read, server = Status::want_read;
    for (int turn = 0; turn < 20; ++turn) {
      if (client == Status::want_read || client == Status::want_write) client = left->handshake();
      if (server == Status::want_read || server == Status::want_write) server = right->handshake();
      if (client == Status::failed && server != Status::failed) ::shutdown(fds[0], SHUT_WR);
    }
    return {client, server};
  }
  std::pair<Status, Status> shake_hands(const TlsContext& client, const std::string& host, bool verify,
                                        const TlsContext& server) {
    EXPECT_TRUE(right->start_tls_server(server.get()));
    EXPECT_TRUE(left->start_tls_client(client.get(), host, verify));
    return shake_hands();
  }
  void start_tls() {
    auto [client, server] =
        shake_hands(server_context(ServerTls::Mode::require), "localhost", false, listen_context());
    ASSERT_EQ(client, Status::ok) << left->error();
    ASSERT_EQ(server, Status::ok) << right->error();
  }
  static std::string read(Stream& stream) {
    std::byte buffer[256];
    auto [status, n] = stream.read(buffer);
    return status == Status::ok ? std::string(reinterpret_cast<char*>(buffer), n) : "";
  }

  int fds[2] = {-1, -1};
  std::optional<Stream> left, right;
};

TEST_F(StreamTest, PlainBytesPass) {
  EXPECT_EQ(left->write("hello").bytes, 5u);
  EXPECT_EQ(read(*right), "hello");
  std::byte buffer[4];
  EXPECT_EQ(right->read(buffer).status, Status::want_read);
  ::close(fds[0]);
  fds[0] = -1;
  EXPECT_EQ(right->read(buffer).status, Status::closed);
}

TEST_F(StreamTest, WritingToAClosedPeerFailsWithoutASignal) {
  ::close(fds[1]);
  fds[1] = -1;
  EXPECT_EQ(left->write("x").status, Status::failed);
  EXPECT_EQ(left->error(), "Broken pipe");
}

// Everything arrives in order though the socket takes pieces and the buffer moves between the attempts.
template <typename Fixture>
void push_through(Fixture& test, Stream& from, Stream& to) {
  std::string sent(3 << 20, '\0'), received;
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 >> 3);
  std::size_t done = 0;
  bool was_full = false;
  std::byte buffer[40'000];
  while (received.size() < sent.size()) {
    std::string moved = sent.substr(done);
    auto [status, n] = moved.empty() ? Stream::Result{Status::want_write, 0} : from.write(moved);
    if (status == Status::ok) {
      done += n;
      continue;
    }
    ASSERT_EQ(status, Status::want_write) << from.error();
    was_full = true;
    auto got = to.read(buffer);
    if (got.status == Status::ok) received.append(reinterpret_cast<char*>(buffer), got.bytes);
  }
  EXPECT_TRUE(was_full);
  EXPECT_TRUE(received == sent);
  (void)test;
}

TEST_F(StreamTest, PlainBackpressure) {
  push_through(*this, *left, *right);
}

TEST_F(StreamTest, TlsBackpressure) {
  start_tls();
  push_through(*this, *left, *right);
  push_through(*this, *right, *left);
}

TEST_F(StreamTest, TlsIsAtLeast12AndAgreesOnAlpn) {
  start_tls();
  EXPECT_TRUE(left->is_tls() && right->is_tls());
  EXPECT_TRUE(left->has_alpn() && right->has_alpn());
  left->write("secret");
  EXPECT_EQ(read(*right), "secret");
}

TEST_F(StreamTest, TlsKeepsBytesThatTheSocketNoLongerHas) {
  start_tls();
  left->write("0123456789");
  std::byte buffer[4];
  EXPECT_EQ(right->read(buffer).bytes, 4u);
  EXPECT_TRUE(right->has_buffered());
  EXPECT_EQ(read(*right), "456789");
  EXPECT_FALSE(right->has_buffered());
}

TEST_F(StreamTest, TlsEndsWithAndWithoutCloseNotify) {
  start_tls();
  std::byte buffer[4];
  left->end_tls();
  EXPECT_EQ(right->read(buffer).status, Status::closed);
}

TEST_F(StreamTest, TlsConnectionCutOffCountsAsClosed) {
  start_tls();
  ::close(fds[0]);
  fds[0] = -1;
  std::byte buffer[4];
  Status status = right->read(buffer).status;
  EXPECT_TRUE(status == Status::closed || status == Status::failed);
}

TEST_F(StreamTest, GarbageInsteadOfTlsFails) {
  ASSERT_TRUE(right->start_tls_server(listen_context().get()));
  left->write("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(right->handshake(), Status::failed);
  EXPECT_NE(right->error(), "");
}

TEST_F(StreamTest, VerifyFullChecksTheName) {
  TlsContext client = server_context(ServerTls::Mode::verify_full, certificates().server.certificate);
  auto [left_status, right_status] = shake_hands(client, "localhost", true, listen_context());
  EXPECT_EQ(left_status, Status::ok) << left->error();
}

TEST_F(StreamTest, VerifyFullChecksAnAddress) {
  TlsContext client = server_context(ServerTls::Mode::verify_full, certificates().server.certificate);
  EXPECT_EQ(shake_hands(client, "127.0.0.1", true, listen_context()).first, Status::ok) << left->error();
}

TEST_F(StreamTest, VerifyFullRefusesAnotherName) {
  TlsContext client = server_context(ServerTls::Mode::verify_full, certificates().server.certificate);
  EXPECT_EQ(shake_hands(client, "example.com", true, listen_context()).first, Status::failed);
  EXPECT_THAT(left->error(), HasSubstr("hostname mismatch"));
}

TEST_F(StreamTest, VerifyFullRefusesAnotherAddress) {
  TlsContext client = server_context(ServerTls::Mode::verify_full, certificates().server.certificate);
  EXPECT_EQ(shake_hands(client, "127.0.0.2", true, listen_context()).first, Status::failed);
  EXPECT_THAT(left->error(), HasSubstr("IP address mismatch"));
}

TEST_F(StreamTest, VerifyFullRefusesAnotherAuthority) {
  TlsContext client = server_context(ServerTls::Mode::verify_full, certificates().stranger.certificate);
  EXPECT_EQ(shake_hands(client, "localhost", true, listen_context()).first, Status::failed);
  EXPECT_THAT(left->error(), HasSubstr("self-signed certificate"));
}

TEST_F(StreamTest, ClientWithoutCertificateIsRefusedWhereOneIsWanted) {
  auto outcome =
      shake_hands(server_context(ServerTls::Mode::require), "localhost", false, listen_context(true));
  EXPECT_EQ(outcome.second, Status::failed);
  EXPECT_THAT(right->error(), HasSubstr("did not return a certificate"));
}

TEST_F(StreamTest, ClientCertificateOfTheRightAuthorityIsAccepted) {
  for (const auto& [certificate, accepted] :
       {std::pair{certificates().client, true}, {certificates().stranger, false}}) {
    StreamTest_ClientCertificateOfTheRightAuthorityIsAccepted_Test* self = this;
    TlsContext context = server_context(ServerTls::Mode::require);
    SSL_CTX_use_certificate_chain_file(context.get(), certificate.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), certificate.key.c_str(), SSL_FILETYPE_PEM);
    for (int fd : fds) ::close(fd);
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    left.emplace(fds[0]);
    right.emplace(fds[1]);
    EXPECT_EQ(self->shake_hands(context, "localhost", false, listen_context(true)).second,
              accepted ? Status::ok : Status::failed);
  }
}

TEST_F(StreamTest, AnotherApplicationProtocolIsRefused) {
  TlsContext client = server_context(ServerTls::Mode::require);
  SSL_CTX_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>("\x08http/1.1"), 9);
  auto outcome = shake_hands(client, "localhost", false, listen_context());
  EXPECT_EQ(outcome.second, Status::failed);
  EXPECT_THAT(right->error(), HasSubstr("no application protocol"));
}

TEST_F(StreamTest, OldTlsIsRefused) {
  TlsContext client = server_context(ServerTls::Mode::require);
  SSL_CTX_set_security_level(client.get(), 0);
  SSL_CTX_set_min_proto_version(client.get(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(client.get(), TLS1_1_VERSION);
  EXPECT_EQ(shake_hands(client, "localhost", false, listen_context()).second, Status::failed);
}

TEST_F(StreamTest, NoticesWhenTheClientSeesTheServersOwnCertificate) {
  start_tls();  // right shows the server's certificate to left
  EXPECT_TRUE(left->passes_certificate_to(*right));
  EXPECT_FALSE(right->passes_certificate_to(*left));
}

TEST(TlsContext, SaysWhichFileIsWrong) {
  auto& all = certificates();
  std::ofstream(all.directory / "garbage") << "not PEM";
  auto error = [](const std::filesystem::path& certificate, const std::filesystem::path& key,
                  const std::filesystem::path& ca) {
    auto result = make_listen_context({ListenTls::Mode::allow, certificate, key, ca});
    EXPECT_FALSE(result.context);
    return result.error;
  };
  EXPECT_THAT(error(all.directory / "garbage", all.server.key, {}),
              HasSubstr("certificate " + all.directory.string()));
  EXPECT_THAT(error(all.server.certificate, all.directory / "garbage", {}), HasSubstr("private key"));
  EXPECT_THAT(error(all.server.certificate, all.client.key, {}), HasSubstr("private key"));
  EXPECT_THAT(error(all.server.certificate, all.server.key, all.directory / "garbage"),
              HasSubstr("client CA"));
  auto server = make_server_context({ServerTls::Mode::verify_full, all.directory / "garbage"});
  EXPECT_FALSE(server.context);
  EXPECT_THAT(server.error, HasSubstr("can't load the server's CA"));
}

}  // namespace
}  // namespace pgconsent::net
