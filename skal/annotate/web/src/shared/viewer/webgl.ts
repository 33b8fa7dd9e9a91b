import type { Picture } from '../images/picture'
import { isSmooth, limitsOf, type Painter, type Scene } from './painter'
import { COLORS, RAW, VERTEX } from './shaders'

type GL = WebGL2RenderingContext
type Program = { program: WebGLProgram; at: (name: string) => WebGLUniformLocation | null }

const compile = (gl: GL, type: number, source: string): WebGLShader => {
  const shader = gl.createShader(type)
  if (shader === null) throw new Error('WebGL2 gave no shader')
  gl.shaderSource(shader, source)
  gl.compileShader(shader)
  return shader
}

const link = (gl: GL, fragment: string): Program => {
  const program = gl.createProgram()
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX))
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, fragment))
  gl.bindAttribLocation(program, 0, 'corner')
  gl.linkProgram(program)
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true)
    throw new Error(`WebGL2 refused a shader: ${gl.getProgramInfoLog(program) ?? ''}`)
  return { program, at: (name) => gl.getUniformLocation(program, name) }
}

const CORNERS = new Float32Array([0, 0, 1, 0, 0, 1, 1, 1])

const prepareQuad = (gl: GL): void => {
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer())
  gl.bufferData(gl.ARRAY_BUFFER, CORNERS, gl.STATIC_DRAW)
  gl.enableVertexAttribArray(0)
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0)
}

const upload = (gl: GL, texture: WebGLTexture, picture: Picture): void => {
  gl.bindTexture(gl.TEXTURE_2D, texture)
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
  if (picture.kind === 'colors') {
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, picture.bitmap)
    return
  }
  const { width, height, values } = picture
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2)
  const format = [gl.R16UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_SHORT] as const
  gl.texImage2D(gl.TEXTURE_2D, 0, ...format, values)
}

const PLAYED = /swiftshader|llvmpipe|softpipe|software|basic render/i

/** Whether this browser has a graphics card for WebGL2: where the processor plays one, it is slow. */
const hasCard = (): boolean => {
  const gl = document.createElement('canvas').getContext('webgl2')
  if (gl === null) return false
  const names = gl.getExtension('WEBGL_debug_renderer_info')
  const name = names && String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL))
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return name === null || !PLAYED.test(name)
}

/**
 * A painter by WebGL2: a window is two numbers for it. Null where there is none, or where the
 * processor would only play the graphics card (unless forced).
 */
export const webglPainter = (canvas: HTMLCanvasElement, isForced: boolean): Painter | null => {
  if (!isForced && !hasCard()) return null
  const gl = canvas.getContext('webgl2', { antialias: false })
  if (gl === null) return null
  const programs = { colors: link(gl, COLORS), raw: link(gl, RAW) }
  const texture = gl.createTexture()
  let uploaded: Picture | null = null
  prepareQuad(gl)
  const onRestore = () => location.reload() // rare: the driver was restarted
  canvas.addEventListener('webglcontextrestored', onRestore)

  const use = (picture: Picture) => {
    if (picture === uploaded) return
    upload(gl, texture, picture)
    uploaded = picture
  }
  const filter = (picture: Picture, smooth: boolean) => {
    const how = smooth && picture.kind === 'colors' ? gl.LINEAR : gl.NEAREST
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, how)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, how)
  }
  const draw = (picture: Picture, { image, view, window, dpr }: Scene) => {
    const { program, at } = programs[picture.kind]
    const { low, range } = limitsOf(picture, window)
    const scale = view.scale * dpr
    gl.useProgram(program)
    gl.uniform2f(at('canvas'), canvas.width, canvas.height)
    gl.uniform2f(at('size'), image.width * scale, image.height * scale)
    gl.uniform2f(at('offset'), view.x * dpr, view.y * dpr)
    gl.uniform1f(at('low'), low)
    gl.uniform1f(at('range'), range)
    gl.uniform1i(at('isInverted'), Number(window.isInverted))
    const smooth = isSmooth(picture, image, view, dpr)
    if (picture.kind === 'raw') gl.uniform1i(at('isSmooth'), Number(smooth))
    filter(picture, smooth)
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4)
  }
  return {
    kind: 'webgl2',
    paint: (scene) => {
      gl.viewport(0, 0, canvas.width, canvas.height)
      gl.clearColor(0, 0, 0, 0)
      gl.clear(gl.COLOR_BUFFER_BIT)
      if (scene.picture === null) return
      use(scene.picture)
      draw(scene.picture, scene)
    },
    dispose: () => {
      canvas.removeEventListener('webglcontextrestored', onRestore)
      gl.deleteTexture(texture)
    },
  }
}
