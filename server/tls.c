/* Certificates for TLS; see tls.h. */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <string.h>

#include "kolam/alloc.h"

struct kolam_tls_pair {
    X509 *certificate;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

/* A key that needs a password is refused: nobody sits at the server to type it. */
static int no_password(char *out, int capacity, int is_writing, void *ctx) {
    (void)out, (void)capacity, (void)is_writing, (void)ctx;
    return 0;
}

static enum kolam_status open_file(const char *path, BIO **out_bio, struct kolam_error *error) {
    errno = 0;
    *out_bio = BIO_new_file(path, "r");
    if (*out_bio) {
        return KOLAM_OK;
    }
    ERR_clear_error();
    return kolam_fail(error, KOLAM_ERR_IO, "cannot read %s: %s", path, strerror(errno));
}

/* What follows the server's own. A file that is being written ends in the midst of one: that is not the chain's end. */
static enum kolam_status load_rest(struct kolam_tls_pair *pair, BIO *bio, const char *path,
                                   struct kolam_error *error) {
    for (;;) {
        ERR_clear_error();
        X509 *next = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (!next) {
            const unsigned long why = ERR_peek_last_error();
            const bool is_end =
                ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
            return is_end ? KOLAM_OK
                          : kolam_fail(error, KOLAM_ERR_INVALID,
                                       "%s: what follows its first certificate is not whole", path);
        }
        if (sk_X509_push(pair->chain, next) <= 0) {
            X509_free(next);
            return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
        }
    }
}

static enum kolam_status load_chain(struct kolam_tls_pair *pair, const char *path,
                                    struct kolam_error *error) {
    BIO *bio;
    enum kolam_status status = open_file(path, &bio, error);
    if (status != KOLAM_OK) {
        return status;
    }
    pair->certificate = PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL);
    status = pair->certificate ? load_rest(pair, bio, path, error)
                               : kolam_fail(error, KOLAM_ERR_INVALID,
                                            "%s: no certificate in PEM form in it", path);
    ERR_clear_error();
    BIO_free(bio);
    return status;
}

static enum kolam_status load_key(struct kolam_tls_pair *pair, const char *path,
                                  struct kolam_error *error) {
    BIO *bio;
    enum kolam_status status = open_file(path, &bio, error);
    if (status != KOLAM_OK) {
        return status;
    }
    pair->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    ERR_clear_error();
    BIO_free(bio);
    return pair->key
               ? KOLAM_OK
               : kolam_fail(error, KOLAM_ERR_INVALID,
                            "%s: no private key in PEM form in it, or one with a password", path);
}

enum kolam_status kolam_tls_load(const char *certificate_path, const char *key_path,
                                 struct kolam_tls_pair **out_pair, struct kolam_error *error) {
    struct kolam_tls_pair *pair = kolam_alloc_zero(1, sizeof(*pair));
    if (pair) {
        pair->chain = sk_X509_new_null();
    }
    if (!pair || !pair->chain) {
        kolam_free(pair);
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    enum kolam_status status = load_chain(pair, certificate_path, error);
    if (status == KOLAM_OK) {
        status = load_key(pair, key_path, error);
    }
    if (status == KOLAM_OK && X509_check_private_key(pair->certificate, pair->key) != 1) {
        ERR_clear_error();
        status = kolam_fail(error, KOLAM_ERR_INVALID, "the key in %s is not that of %s", key_path,
                            certificate_path);
    }
    if (status != KOLAM_OK) {
        kolam_tls_destroy(pair);
        return status;
    }
    *out_pair = pair;
    return KOLAM_OK;
}

void kolam_tls_destroy(struct kolam_tls_pair *pair) {
    if (pair) {
        X509_free(pair->certificate);
        sk_X509_pop_free(pair->chain, X509_free);
        EVP_PKEY_free(pair->key);
        kolam_free(pair);
    }
}

int kolam_tls_days_left(const struct kolam_tls_pair *pair) {
    int days = 0, seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(pair->certificate)) != 1) {
        ERR_clear_error();
        return -1;
    }
    return seconds < 0 ? days - 1 : days;
}

enum kolam_status kolam_tls_use(struct ssl_ctx_st *ctx, const struct kolam_tls_pair *pair) {
    const int replaces = 1;
    if (SSL_CTX_use_cert_and_key(ctx, pair->certificate, pair->key, pair->chain, replaces) != 1) {
        ERR_clear_error();
        return KOLAM_ERR_INVALID;
    }
    return KOLAM_OK;
}

/* How much had come when the handshake ended is kept with the connection, as its application data. */
static void on_state(const SSL *tls, int where, int result) {
    (void)result;
    if ((where & SSL_CB_HANDSHAKE_DONE) && !SSL_get_app_data(tls)) {
        (void)SSL_set_app_data((SSL *)tls, (void *)(uintptr_t)kolam_tls_came(tls));
    }
}

void kolam_tls_set_up(struct ssl_ctx_st *ctx) {
    SSL_CTX_set_info_callback(ctx, on_state);
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

long kolam_tls_peek(void *tls, void *out, size_t size) {
    ERR_clear_error();
    const int got = SSL_peek(tls, out, (int)size);
    const int problem = got > 0 ? SSL_ERROR_NONE : SSL_get_error(tls, got);
    ERR_clear_error();
    if (got > 0) {
        return got;
    }
    return problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

void kolam_tls_send(void *tls, const void *bytes, size_t size) {
    (void)SSL_write(tls, bytes, (int)size);
    ERR_clear_error();
}

bool kolam_tls_is_open(const void *tls) {
    return SSL_is_init_finished(tls);
}

bool kolam_tls_has_pending(const void *tls) {
    return SSL_pending(tls) > 0;
}

uint64_t kolam_tls_came(const void *tls) {
    return BIO_number_read(SSL_get_rbio(tls));
}

uint64_t kolam_tls_opened_at(const void *tls) {
    return (uint64_t)(uintptr_t)SSL_get_app_data((const SSL *)tls);
}
