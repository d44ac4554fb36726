/* What the tools are called, in stroke files, answers and listings alike. */
#include <string.h>

#include "kolam/op.h"

static const char *const names[KOLAM_TOOL_COUNT] = {
    [KOLAM_TOOL_PEN] = "pen",           [KOLAM_TOOL_MARKER] = "marker",
    [KOLAM_TOOL_ERASER] = "eraser",     [KOLAM_TOOL_PENCIL] = "pencil",
    [KOLAM_TOOL_AIRBRUSH] = "airbrush", [KOLAM_TOOL_FILL] = "fill",
};

const char *kolam_tool_name(enum kolam_tool tool) {
    return (unsigned)tool < KOLAM_TOOL_COUNT ? names[tool] : "unknown";
}

bool kolam_tool_parse(const char *name, enum kolam_tool *out_tool) {
    for (int tool = 0; tool < KOLAM_TOOL_COUNT; tool++) {
        if (strcmp(name, names[tool]) == 0) {
            *out_tool = (enum kolam_tool)tool;
            return true;
        }
    }
    return false;
}
