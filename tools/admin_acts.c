/* kolam admin: the acts that set a canvas up: mode, areas, roles, votes, and taking them back. Each is a record in the canvas's
 * log, which the server makes of an `act` message. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "kolam/policy.h"
#include "tool.h"
#include "wall.h"

#define MEMBERS_MAX 64

struct arguments {
    struct kolam_admin admin;
    const char *rect, *name, *owner, *of, *duration, *until, *why;
    const char *members[MEMBERS_MAX];
    uint32_t member_count;    /* also of those that are too many */
    int64_t for_ms, until_ms; /* from the texts; 0: not given */
};

static bool add_member(void *arguments, const struct kolam_verb_option *option, const char *text) {
    struct arguments *out = arguments;
    (void)option;
    if (out->member_count < MEMBERS_MAX) {
        out->members[out->member_count] = text;
    }
    out->member_count++;
    return true;
}

#define AT(member) offsetof(struct arguments, member)
#define TEXT(option, member)                                                                       \
    { .name = option, .kind = KOLAM_OPTION_TEXT, .offset = AT(member) }

static const struct kolam_verb_option options[] = {
    KOLAM_ADMIN_OPTIONS(struct arguments, admin),
    TEXT("for", duration),
    TEXT("until", until),
    TEXT("why", why),
    /* only areas from here on */
    TEXT("rect", rect),
    TEXT("name", name),
    TEXT("owner", owner),
    TEXT("of", of),
    {.name = "member", .kind = KOLAM_OPTION_TAKEN, .take = add_member},
};
enum { ALL = sizeof options / sizeof options[0], COMMON = ALL - 5, FREEZE = ALL - 3 };

#define WHEN_HELP                                                                                  \
    "  --for DURATION           for so long: 90s, 15m, 2h, 7d, 4w; default: until it is taken "    \
    "back\n"                                                                                       \
    "  --until TIME             the same as a time: 2026-11-22T18:00:00Z\n"
#define WHY_HELP "  --why TEXT               the reason, for those it concerns and for the audit\n"

/* ---- making an act ---- */

/* False: wrong, and told. */
static bool check_end(struct arguments *arguments) {
    struct kolam_moment moment;
    if (arguments->duration && arguments->until) {
        kolam_admin_misused(&arguments->admin, "--for and --until exclude each other");
        return false;
    }
    if (arguments->duration && !kolam_admin_duration(arguments->duration, &arguments->for_ms)) {
        kolam_admin_misused(&arguments->admin, "--for %.40s is no duration like 15m, 2h or 7d",
                            arguments->duration);
        return false;
    }
    if (arguments->until) {
        if (kolam_moment_parse(arguments->until, strlen(arguments->until), &moment) != KOLAM_OK ||
            !moment.is_time) {
            kolam_admin_misused(&arguments->admin,
                                "--until %.40s is no time like 2026-11-22T18:00:00Z",
                                arguments->until);
            return false;
        }
        arguments->until_ms = moment.time_ms;
    }
    return true;
}

static bool parse(struct arguments *arguments, int argc, char **argv, const char *help,
                  size_t option_count, int words, const char *usage, int *out_status) {
    if (!kolam_admin_parse(&arguments->admin, argc, argv, help, options, option_count, arguments,
                           out_status)) {
        return false;
    }
    *out_status = KOLAM_EXIT_USAGE;
    if (argc - optind != words) {
        kolam_admin_misused(&arguments->admin, "%s", usage);
        return false;
    }
    return check_end(arguments);
}

/* Opens the conversation and tells the act its end, if that is a time, and its reason. False: told. */
static bool open_for(struct arguments *arguments, json_t *act, int *out_status) {
    if (!kolam_admin_open(&arguments->admin, out_status)) {
        return false;
    }
    if (arguments->until_ms != 0) {
        json_object_set_new(act, "until", json_integer(arguments->until_ms));
    }
    if (arguments->why) {
        json_object_set_new(act, "why", json_string(arguments->why));
    }
    return true;
}

static void print_acted(const struct kolam_admin *admin, const json_t *answer) {
    const char *act = kolam_admin_text(answer, "act");
    printf("done: act %s\nto undo it: kolam admin undo %s%s%s\n", act, act,
           strcmp(admin->canvas, "main") == 0 ? "" : " --canvas ",
           strcmp(admin->canvas, "main") == 0 ? "" : admin->canvas);
}

/* Sends the act, which is taken over, in the open conversation. */
static int act(struct arguments *arguments, json_t *record) {
    json_t *message = json_pack("{s:s,s:o}", "type", "act", "act", record);
    if (arguments->for_ms != 0) {
        json_object_set_new(message, "for_s", json_integer(arguments->for_ms / 1000));
    }
    return kolam_admin_converse(&arguments->admin, message, "acted", print_acted);
}

/* Gives up with what was said already. */
static int give_up(struct arguments *arguments, json_t *record, int status) {
    json_decref(record);
    kolam_admin_close(&arguments->admin);
    return status;
}

/* ---- mode ---- */

static int run_mode(int argc, char **argv) {
    static const char help[] =
        "kolam admin mode open|newcomers|invited|read-only\n"
        "Who may draw on the canvas: anyone; newcomers with little ink at first; who was invited; "
        "nobody.\n"
        "\n" WHEN_HELP WHY_HELP;
    static const char usage[] = "a mode is open, newcomers, invited or read-only";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, COMMON, 1, usage, &status)) {
        return status;
    }
    const char *mode = argv[optind];
    if (strcmp(mode, "open") != 0 && strcmp(mode, "newcomers") != 0 &&
        strcmp(mode, "invited") != 0 && strcmp(mode, "read-only") != 0) {
        return kolam_admin_misused(&arguments.admin, "%s", usage);
    }
    json_t *record = json_pack("{s:s,s:s}", "kind", "mode", "mode", mode);
    if (!open_for(&arguments, record, &status)) {
        return give_up(&arguments, record, status);
    }
    return act(&arguments, record);
}

/* ---- areas ---- */

static bool put_rect(struct arguments *arguments, json_t *record, int *out_status) {
    struct kolam_rect rect;
    char x[24], y[24];
    if (!kolam_wall_rect(arguments->rect, &rect)) {
        *out_status = kolam_admin_misused(
            &arguments->admin, "--rect %.80s is no X,Y,W,H inside the world", arguments->rect);
        return false;
    }
    snprintf(x, sizeof x, "%" PRId64, rect.x0);
    snprintf(y, sizeof y, "%" PRId64, rect.y0);
    json_object_set_new(record, "level", json_integer(rect.level));
    json_object_set_new(record, "x", json_string(x));
    json_object_set_new(record, "y", json_string(y));
    json_object_set_new(record, "width", json_integer(rect.x1 - rect.x0));
    json_object_set_new(record, "height", json_integer(rect.y1 - rect.y0));
    return true;
}

static bool put_people(struct arguments *arguments, json_t *record) {
    uint32_t artist = 0;
    json_t *members = json_array();
    bool is_fine = true;
    for (uint32_t i = 0; i < arguments->member_count && is_fine; i++) {
        is_fine = kolam_admin_artist(&arguments->admin, arguments->members[i], &artist);
        json_array_append_new(members, json_integer((json_int_t)artist));
    }
    if (arguments->member_count > 0) {
        json_object_set(record, "members", members);
    }
    json_decref(members);
    if (is_fine && arguments->owner) {
        is_fine = kolam_admin_artist(&arguments->admin, arguments->owner, &artist);
        json_object_set_new(record, "owner", json_integer((json_int_t)artist));
    }
    return is_fine;
}

static int send_area(struct arguments *arguments, const char *area) {
    int status = KOLAM_EXIT_FAILURE;
    json_t *record = json_pack("{s:s,s:s}", "kind", "area", "area", area);
    if (arguments->name) {
        json_object_set_new(record, "name", json_string(arguments->name));
    }
    if (arguments->of) {
        json_object_set_new(record, "of", json_string(arguments->of));
    }
    if (arguments->rect && !put_rect(arguments, record, &status)) {
        json_decref(record);
        return status;
    }
    if (!open_for(arguments, record, &status)) {
        return give_up(arguments, record, status);
    }
    if (!put_people(arguments, record)) {
        return give_up(arguments, record, KOLAM_EXIT_FAILURE);
    }
    return act(arguments, record);
}

static int run_area(int argc, char **argv) {
    static const char help[] =
        "kolam admin area protected|owned|quiet|frozen --rect X,Y,W,H [--name TEXT] ...\n"
        "kolam admin area KIND --of AREA ...\n"
        "kolam admin area plain --of AREA\n"
        "What may be done in a part of the canvas: protected: its members and mentors draw; owned: "
        "its members\n"
        "alone; quiet: no names are shown; frozen: nobody draws. `kolam admin policy` lists "
        "areas.\n"
        "\n"
        "  --rect X,Y,W,H           where, in level-0 pixels (decimals allowed)\n"
        "  --name TEXT              what it is called\n"
        "  --owner ARTIST           whose it is\n"
        "  --member ARTIST          who may draw there; may be given 64 times\n"
        "  --of AREA                replaces that area; with plain: takes it away\n" WHEN_HELP
            WHY_HELP "\n"
        "  kolam admin area protected --rect -500,-500,1000,1000 --name 'The old kolam' "
        "--member 12\n";
    static const char usage[] = "an area is protected, owned, quiet, frozen or plain";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, ALL, 1, usage, &status)) {
        return status;
    }
    const char *area = argv[optind];
    const bool is_plain = strcmp(area, "plain") == 0;
    if (!is_plain && strcmp(area, "protected") != 0 && strcmp(area, "owned") != 0 &&
        strcmp(area, "quiet") != 0 && strcmp(area, "frozen") != 0) {
        return kolam_admin_misused(&arguments.admin, "%s", usage);
    }
    if (arguments.member_count > MEMBERS_MAX) {
        return kolam_admin_misused(&arguments.admin, "--member may be given at most %d times",
                                   MEMBERS_MAX);
    }
    if (is_plain ? !arguments.of : !arguments.rect) {
        return kolam_admin_misused(&arguments.admin, is_plain
                                                         ? "plain takes an area away: --of AREA"
                                                         : "--rect X,Y,W,H is needed");
    }
    return send_area(&arguments, area);
}

static int run_freeze(int argc, char **argv) {
    static const char help[] =
        "kolam admin freeze [--rect X,Y,W,H] [--for DURATION]\n"
        "Nobody draws in that part for a while; without --rect: on the whole canvas (mode "
        "read-only).\n"
        "\n"
        "  --rect X,Y,W,H           where, in level-0 pixels (decimals allowed)\n"
        "  --name TEXT              what it is called\n" WHEN_HELP WHY_HELP;
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, FREEZE, 0, "freeze takes options only", &status)) {
        return status;
    }
    if (arguments.rect) {
        return send_area(&arguments, "frozen");
    }
    json_t *record = json_pack("{s:s,s:s}", "kind", "mode", "mode", "read-only");
    if (!open_for(&arguments, record, &status)) {
        return give_up(&arguments, record, status);
    }
    return act(&arguments, record);
}

/* ---- roles, votes, undo ---- */

static int run_role(int argc, char **argv) {
    static const char help[] =
        "kolam admin role ARTIST newcomer|artist|mentor|moderator|owner|earned\n"
        "What somebody may do on the canvas; earned: what time and strokes give by themselves.\n"
        "\n" WHY_HELP "\n  kolam admin role 'Quiet Heron' moderator\n";
    static const char *const roles[] = {"newcomer",  "artist", "mentor",
                                        "moderator", "owner",  "earned"};
    struct arguments arguments = {0};
    uint32_t artist;
    int status;
    bool is_known = false;
    if (!parse(&arguments, argc, argv, help, COMMON, 2, "give an artist and a role", &status)) {
        return status;
    }
    const char *who = argv[optind], *role = argv[optind + 1];
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        is_known |= strcmp(role, roles[i]) == 0;
    }
    if (!is_known) {
        return kolam_admin_misused(&arguments.admin, "'%.40s' is no role", role);
    }
    json_t *record = json_pack("{s:s,s:s}", "kind", "role", "role", role);
    if (!open_for(&arguments, record, &status)) {
        return give_up(&arguments, record, status);
    }
    if (!kolam_admin_artist(&arguments.admin, who, &artist)) {
        return give_up(&arguments, record, KOLAM_EXIT_FAILURE);
    }
    json_object_set_new(record, "artist", json_integer((json_int_t)artist));
    return act(&arguments, record);
}

static int run_votes(int argc, char **argv) {
    static const char help[] =
        "kolam admin votes N\n"
        "N artists of standing (2 to 64) who vote to hide a stroke hide it; 0: no voting, as at "
        "first.\n"
        "\n" WHY_HELP;
    struct arguments arguments = {0};
    uint64_t count;
    int status;
    if (!parse(&arguments, argc, argv, help, COMMON, 1, "give the number of votes", &status)) {
        return status;
    }
    if (!kolam_tool_parse_u64(argv[optind], &count) || count > KOLAM_VOTES_MAX ||
        (count != 0 && count < KOLAM_VOTES_MIN)) {
        return kolam_admin_misused(&arguments.admin, "%.40s is no number of votes: 0, or %d to %d",
                                   argv[optind], KOLAM_VOTES_MIN, KOLAM_VOTES_MAX);
    }
    json_t *record = json_pack("{s:s,s:I}", "kind", "votes", "hide", (json_int_t)count);
    if (!open_for(&arguments, record, &status)) {
        return give_up(&arguments, record, status);
    }
    return act(&arguments, record);
}

/* ---- policy ---- */

static void print_areas(const json_t *areas) {
    size_t i;
    json_t *area;
    char until[40];
    json_array_foreach((json_t *)(uintptr_t)areas, i, area) {
        printf("area %s: %s", kolam_admin_text(area, "area"), kolam_admin_text(area, "kind"));
        kolam_admin_print_area(area);
        printf(", %s\n", kolam_admin_until(json_object_get(area, "until"), until));
    }
}

static int run_policy(int argc, char **argv) {
    static const char help[] = "kolam admin policy\n"
                               "How the canvas is set up: its mode, its areas with their numbers, "
                               "its votes.\n";
    struct arguments arguments = {0};
    int status;
    char until[40];
    if (!parse(&arguments, argc, argv, help, COMMON, 0, "policy takes options only", &status)) {
        return status;
    }
    if (!kolam_admin_open(&arguments.admin, &status)) {
        return give_up(&arguments, NULL, status);
    }
    const json_t *policy = json_object_get(arguments.admin.welcome, "policy");
    if (arguments.admin.is_json) {
        kolam_admin_print_json(policy);
    } else {
        printf("canvas %s: mode %s, %s; votes to hide: %" JSON_INTEGER_FORMAT "\n",
               arguments.admin.canvas, kolam_admin_text(policy, "mode"),
               kolam_admin_until(json_object_get(policy, "until"), until),
               json_integer_value(json_object_get(policy, "votes")));
        print_areas(json_object_get(policy, "areas"));
    }
    return give_up(&arguments, NULL, KOLAM_EXIT_OK);
}

const struct kolam_admin_command kolam_admin_acts[] = {
    {"policy", "how the canvas is set up", run_policy},
    {"mode", "who may draw: open, newcomers, invited, read-only", run_mode},
    {"area", "protect, own, quieten or free a part of the canvas", run_area},
    {"freeze", "nobody draws, there or at all, for a while", run_freeze},
    {"role", "make somebody a moderator, a mentor, ...", run_role},
    {"votes", "how many artists' votes hide a stroke", run_votes},
    {0},
};
