/** A quad, placed by a view in pixels of the canvas. */
export const VERTEX = `#version 300 es
in vec2 corner;
uniform vec2 canvas;
uniform vec2 size;
uniform vec2 offset;
out vec2 place;
void main() {
  vec2 at = (corner * size + offset) / canvas;
  gl_Position = vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
  place = corner;
}`

const HEAD = `#version 300 es
precision highp float;
in vec2 place;
uniform float low;
uniform float range;
uniform bool isInverted;
out vec4 color;
vec3 shown(vec3 value) {
  vec3 gray = clamp((value - low) / range, 0.0, 1.0);
  return isInverted ? 1.0 - gray : gray;
}`

export const COLORS = `${HEAD}
uniform sampler2D pixels;
void main() {
  vec4 value = texture(pixels, place);
  color = vec4(shown(value.rgb), 1.0);
}`

/** Integer textures have no filter of their own: four neighbors are mixed here. */
export const RAW = `${HEAD}
uniform highp usampler2D pixels;
uniform bool isSmooth;
float at(ivec2 p, ivec2 end) {
  return float(texelFetch(pixels, clamp(p, ivec2(0), end), 0).r) / 65535.0;
}
void main() {
  ivec2 end = textureSize(pixels, 0) - 1;
  vec2 p = place * vec2(textureSize(pixels, 0));
  float value = at(ivec2(p), end);
  if (isSmooth) {
    vec2 q = p - 0.5;
    ivec2 i = ivec2(floor(q));
    vec2 f = q - vec2(i);
    float top = mix(at(i, end), at(i + ivec2(1, 0), end), f.x);
    float bottom = mix(at(i + ivec2(0, 1), end), at(i + ivec2(1, 1), end), f.x);
    value = mix(top, bottom, f.y);
  }
  color = vec4(shown(vec3(value)), 1.0);
}`
