import COpenCV

/// Calls a function of COpenCV with room for its message and throws what it reports.
func callingOpenCV(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(OpenCVError) {
  var message = [CChar](repeating: 0, count: Int(LECTERN_CV_MESSAGE))
  let status = message.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  guard status != 0 else { return }
  let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  switch lectern_cv_status(UInt32(status)) {
  case LECTERN_CV_NO_MEMORY: throw OpenCVError(.outOfMemory, text)
  case LECTERN_CV_UNREADABLE: throw OpenCVError(.cascadeUnreadable, text)
  default: throw OpenCVError(.failed, text)
  }
}
