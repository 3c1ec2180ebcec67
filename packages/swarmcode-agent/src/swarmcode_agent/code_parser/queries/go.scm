; What the reader takes from Go. A name with a capital first letter is exported.

(function_declaration name: (_) @name body: (_)? @body) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @owner))
  name: (_) @name
  body: (_)? @body) @function
(method_elem name: (_) @name) @function

((type_spec name: (_) @name type: (struct_type (_) @body)) @class (#set! kind "struct"))
((type_spec name: (_) @name type: (interface_type)) @class (#set! kind "interface"))
((type_spec name: (_) @name) @class (#set! kind "type"))
((type_alias name: (_) @name) @class (#set! kind "type"))

(field_declaration !name type: (_) @base)
(interface_type (type_elem (_) @base))

(import_spec path: (_ (interpreted_string_literal_content) @import))
(import_spec path: (_ (raw_string_literal_content) @import))

((source_file (function_declaration name: (_) @export)) (#match? @export "^[A-Z]"))
((method_declaration name: (_) @export) (#match? @export "^[A-Z]"))
((source_file (type_declaration (_ name: (_) @export))) (#match? @export "^[A-Z]"))
((source_file (const_declaration (const_spec name: (_) @export))) (#match? @export "^[A-Z]"))
((source_file (var_declaration (var_spec name: (_) @export))) (#match? @export "^[A-Z]"))

(comment) @comment
[(interpreted_string_literal_content) (raw_string_literal_content) (rune_literal)] @text
