(** The checker of whole certificates, and what it proves (proofs/certificate-soundness.md).

    Theorem [accepted_sound]: if [accepted G C] computes to true, then in the game that [G] means
    every policy is worth at most [upper C], and the certificate's own policy at least [lower C]. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums FixedPoint Exponential Logarithm LogTables JointMajorant Game Stage Trees Certificate.
Import ListNotations.
Open Scope R_scope.

Section Precision.
Variable p : Z.
Hypothesis Hp : (0 <= p)%Z.
Variable c : context.
Hypothesis Hc : sound_context p c.
Let Hu : 0 < unit p := unit_pos p Hp.

Section Game.
Variable G : table.
Hypothesis HG : is_game G = true.
Variable tables : ln_tables.
Hypothesis Htables : sound_tables p tables.
Variable rough : list rough_tables.
Hypothesis Hrough : sound_rough p rough.

(** ** Upper bounds, backward: the claims of a step with those of the steps after it *)
Definition claims (l : list node) : after_type := Some (map (fun v => (state v, enclose p (bound v))) l).

(** The layers of step [h] and later; the result is what stands for the values of step [h]. *)
Fixpoint layers_bounded (h : nat) (ls : list (list node)) : option after_type :=
  match ls with
  | [] => Some None
  | l :: rest =>
      match layers_bounded (S h) rest with
      | Some after => if forallb (node_bounded p G tables rough after h) l then Some (claims l) else None
      | None => None
      end
  end.

Definition claimed (l : list node) (s : nat) : R :=
  match find_node l s with Some v => Q2R (bound v) | None => 0 end.

Lemma find_node_in l s v : find_node l s = Some v -> In v l /\ state v = s.
Proof.
  induction l as [|a t IH]; simpl; [discriminate|]. destruct (Nat.eqb_spec s (state a)) as [->|].
  - intros H; injection H as <-. auto.
  - intros H. destruct (IH H). auto.
Qed.

Lemma lookup_claims l s : lookup (map (fun v => (state v, enclose p (bound v))) l) s =
  option_map (fun v => enclose p (bound v)) (find_node l s).
Proof. induction l as [|a t IH]; simpl; [reflexivity|]. destruct (s =? state a)%nat; [reflexivity|exact IH]. Qed.

Lemma claims_stand_for l : stands_for p (claims l) (claimed l).
Proof.
  intros s i. rewrite lookup_claims. unfold claimed. destruct (find_node l s) as [v|]; [|discriminate].
  intros H; injection H as <-. now apply enclose_correct.
Qed.

Definition worth (pi : policy) := W (meaning G) pi.

(** The values that the first of these layers claims. *)
Definition first_claims (ls : list (list node)) : nat -> R :=
  match ls with [] => fun _ => 0 | l :: _ => claimed l end.

Theorem layers_bounded_correct pi : admissible (meaning G) pi ->
  forall ls h after, (h + length ls = H_ G)%nat -> layers_bounded h ls = Some after ->
  stands_for p after (first_claims ls) /\
  forall s, known after s -> worth pi (length ls) s <= first_claims ls s.
Proof.
  intros Ha. induction ls as [|l rest IH]; intros h after Hh; cbn [layers_bounded length].
  - intros H; injection H as <-. split; [now intros s|]. intros s _. unfold worth; simpl; lra.
  - destruct (layers_bounded (S h) rest) as [later|] eqn:E; [|discriminate].
    destruct (forallb _ l) eqn:El; [|discriminate]. intros H; injection H as <-.
    destruct (IH (S h) later ltac:(simpl in Hh; lia) E) as [Hg Hw].
    cbn [first_claims]. split; [apply claims_stand_for|]. intros s [i Hi]. rewrite lookup_claims in Hi.
    unfold claimed. destruct (find_node l s) as [v|] eqn:Ev; [|discriminate].
    apply find_node_in in Ev. destruct Ev as [Hin Hst]. rewrite forallb_forall in El. specialize (El v Hin).
    assert (Hs : (s < S_ G)%nat).
    { subst s. unfold node_bounded in El. apply andb_true_iff in El. now apply Nat.ltb_lt. }
    simpl in Hh. unfold worth. rewrite W_step by (assumption || lia).
    replace (H_ G - S (length rest))%nat with h by lia. subst s.
    apply (node_bounded_correct p Hp G HG tables Htables rough Hrough later h v (first_claims rest)); try assumption; [lia|].
    destruct (Ha h (state v)) as [A1 A2]; [simpl; lia|exact Hs|]. split; assumption.
Qed.

(** The mean of the first claims, in rationals. *)
Fixpoint weighted_claims (l : list (nat * Z)) (first : list node) : option Q :=
  match l with
  | [] => Some 0%Q
  | (s, n) :: rest => match find_node first s, weighted_claims rest first with
                      | Some v, Some q => Some (inject_Z n * bound v + q)%Q
                      | _, _ => None
                      end
  end.

Lemma Q2R_inject n : Q2R (inject_Z n) = IZR n.
Proof. unfold Q2R, inject_Z; simpl. field. Qed.

Lemma weighted_claims_correct first l q : weighted_claims l first = Some q ->
  Q2R q = rsum (fun sn => IZR (snd sn) * claimed first (fst sn)) l /\
  forall s n, In (s, n) l -> exists v, find_node first s = Some v.
Proof.
  revert q. induction l as [|[s n] l IH]; simpl; intros q.
  - intros H; injection H as <-. split; [apply RMicromega.Q2R_0|tauto].
  - destruct (find_node first s) as [v|] eqn:Ev; [|discriminate].
    destruct (weighted_claims l first) as [q'|]; [|discriminate]. intros H; injection H as <-.
    destruct (IH q' eq_refl) as [I1 I2]. split.
    + rewrite Q2R_plus, Q2R_mult, Q2R_inject, I1. unfold claimed at 2. now rewrite Ev.
    + intros s' n' [H|Hin]; [injection H as <- <-; now exists v|now apply (I2 s' n')].
Qed.

Definition upper_accepted (C : certificate) : bool :=
  match layers C with
  | first :: _ =>
      match layers_bounded 0 (layers C), weighted_claims (numerators (rho_ G)) first with
      | Some _, Some q => Qle_bool q (inject_Z (Zpos (denominator (rho_ G))) * upper C)
      | _, _ => false
      end
  | [] => false
  end.

Theorem upper_accepted_sound C : length (layers C) = H_ G -> upper_accepted C = true ->
  forall pi, admissible (meaning G) pi -> J (meaning G) pi <= Q2R (upper C).
Proof.
  intros Hl. unfold upper_accepted. destruct (layers C) as [|first rest] eqn:Ec; [discriminate|].
  destruct (layers_bounded 0 (first :: rest)) as [after|] eqn:E; [|discriminate].
  destruct (weighted_claims _ first) as [q|] eqn:Eq; [|discriminate]. intros Hq pi Ha.
  destruct (layers_bounded_correct pi Ha (first :: rest) 0%nat after Hl E) as [_ Hw].
  destruct (weighted_claims_correct first _ _ Eq) as [Q1 Q2].
  apply Qle_bool_iff, Qle_Rle in Hq. rewrite Q2R_mult, Q2R_inject in Hq.
  destruct (game_facts G HG) as (Hrho & _).
  set (d := IZR (Zpos (denominator (rho_ G)))) in *. assert (Hd : 0 < d) by (apply IZR_lt; reflexivity).
  assert (EJ : J (meaning G) pi = row_mean (rho_ G) (worth pi (H_ G))) by (apply mean_mass; exact Hrho).
  rewrite EJ. apply Rmult_le_reg_l with d; [assumption|]. eapply Rle_trans; [|exact Hq]. rewrite Q1.
  unfold row_mean. fold d. rewrite <- rsum_scale. apply rsum_le. intros [s n] Hin. cbn [fst snd].
  replace (d * (IZR n / d * worth pi (H_ G) s)) with (IZR n * worth pi (H_ G) s) by (field; lra).
  apply Rmult_le_compat_l.
  { apply IZR_le. now apply (is_row_nonnegative (S_ G) (rho_ G) Hrho s). }
  destruct (Q2 s n Hin) as [v Ev]. rewrite <- Hl.
  cbn [layers_bounded] in E. destruct (layers_bounded 1 rest); [|discriminate].
  destruct (forallb _ first); [|discriminate]. injection E as <-.
  apply Hw. exists (enclose p (bound v)). now rewrite lookup_claims, Ev.
Qed.

(** ** The certificate's own policy *)
Fixpoint layer_values (after : after_type) (h : nat) (l : list node) : option (list (nat * interval)) :=
  match l with
  | [] => Some []
  | v :: rest => match node_value p c G after h v, layer_values after h rest with
                 | Some i, Some r => Some ((state v, i) :: r)
                 | _, _ => None
                 end
  end.

Fixpoint layers_values (h : nat) (ls : list (list node)) : option after_type :=
  match ls with
  | [] => Some None
  | l :: rest => match layers_values (S h) rest with
                 | Some after => option_map Some (layer_values after h l)
                 | None => None
                 end
  end.

(** Of form: states that exist, distributions over the leader's actions. *)
Definition node_formed (v : node) : bool :=
  (state v <? S_ G)%nat && rows_formed G (plan v).

Lemma layer_values_correct after h g : stands_for p after g -> (h < H_ G)%nat ->
  forall l r, forallb node_formed l = true -> layer_values after h l = Some r ->
  forall s i, lookup r s = Some i -> exists v, find_node l s = Some v /\ state v = s /\
    encloses p i (stage_value G (fun b => mass (cell_row (observes_ G) (plan v) b)) h s g).
Proof.
  intros Hg Hh. induction l as [|v l IH]; simpl; intros r.
  - intros _ H; injection H as <-. discriminate.
  - rewrite andb_true_iff. intros [Hv Hl]. destruct (node_value p c G after h v) as [j|] eqn:Ej; [|discriminate].
    destruct (layer_values after h l) as [r'|]; [|discriminate]. intros H; injection H as <-. intros s i.
    simpl. destruct (Nat.eqb_spec s (state v)) as [->|Hne].
    + intros H; injection H as <-. exists v. split; [reflexivity|]. split; [reflexivity|].
      unfold node_formed in Hv. apply andb_true_iff in Hv. destruct Hv as [Hs Hr]. apply Nat.ltb_lt in Hs.
      now apply (node_value_correct p Hp c Hc G HG after h v g).
    + intros H. now apply (IH r' Hl eq_refl).
Qed.

Theorem layers_values_correct pi : forall ls h after, (h + length ls = H_ G)%nat ->
  forallb (forallb node_formed) ls = true ->
  (forall k l s v, nth_error ls k = Some l -> find_node l s = Some v ->
     pi (h + k)%nat s = fun b => mass (cell_row (observes_ G) (plan v) b)) ->
  layers_values h ls = Some after -> stands_for p after (worth pi (length ls)).
Proof.
  induction ls as [|l rest IH]; intros h after Hh Hf Hpi; cbn [layers_values length forallb] in *.
  - intros H; injection H as <-. intros s. reflexivity.
  - apply andb_true_iff in Hf. destruct Hf as [Hf1 Hf2].
    destruct (layers_values (S h) rest) as [later|] eqn:E; [|discriminate].
    assert (Hst : stands_for p later (worth pi (length rest))).
    { apply (IH (S h) later); [simpl in Hh; lia|assumption| |exact E].
      intros k l' s v Hk Hv. replace (S h + k)%nat with (h + S k)%nat by lia. now apply (Hpi (S k) l'). }
    destruct (layer_values later h l) as [r|] eqn:El; [|discriminate]. intros H; injection H as <-.
    intros s i Hi. destruct (layer_values_correct later h _ Hst ltac:(simpl in Hh; lia) l r Hf1 El s i Hi)
      as (v & Hv & Hs & Hev).
    assert (Hss : (s < S_ G)%nat).
    { apply find_node_in in Hv. destruct Hv as [Hin _]. rewrite forallb_forall in Hf1. apply Hf1 in Hin.
      unfold node_formed in Hin. apply andb_true_iff in Hin. subst s. now apply Nat.ltb_lt. }
    unfold worth in *. simpl in Hh. rewrite W_step by (assumption || lia).
    replace (H_ G - S (length rest))%nat with h by lia.
    specialize (Hpi 0%nat l s v eq_refl Hv). rewrite Nat.add_0_r in Hpi. now rewrite Hpi.
Qed.

Theorem policy_of_admissible C : length (layers C) = H_ G -> forallb (forallb node_formed) (layers C) = true ->
  admissible (meaning G) (policy_of G C).
Proof.
  intros Hl Hf. apply policy_from_admissible.
  - pose proof HG as H. unfold is_game in H. now apply andb_true_iff in H.
  - intros h s rows Hh Hrows. destruct (find_node (nth h (layers C) []) s) as [v|] eqn:Ev; [|discriminate].
    injection Hrows as <-. apply find_node_in in Ev. destruct Ev as [Hin _].
    rewrite forallb_forall in Hf. specialize (Hf (nth h (layers C) []) ltac:(apply nth_In; lia)).
    rewrite forallb_forall in Hf. specialize (Hf v Hin). unfold node_formed in Hf. now apply andb_true_iff in Hf.
Qed.

Fixpoint weighted_values (l : list (nat * Z)) (first : list (nat * interval)) : option Z :=
  match l with
  | [] => Some 0%Z
  | (s, n) :: rest => match lookup first s, weighted_values rest first with
                      | Some i, Some z => Some (n * fst i + z)%Z
                      | _, _ => None
                      end
  end.

Lemma weighted_values_correct first g l z : (forall s i, lookup first s = Some i -> encloses p i (g s)) ->
  nonnegative l -> weighted_values l first = Some z ->
  IZR z <= rsum (fun sn => IZR (snd sn) * g (fst sn)) l * unit p.
Proof.
  intros Hg. revert z. induction l as [|[s n] l IH]; simpl; intros z Hn.
  - intros H; injection H as <-. lra.
  - destruct (lookup first s) as [i|] eqn:Ei; [|discriminate].
    destruct (weighted_values l first) as [z'|]; [|discriminate]. intros H; injection H as <-.
    specialize (IH z' ltac:(intros t m Hin; apply (Hn t m); now right) eq_refl).
    pose proof (Hn s n (or_introl eq_refl)) as N. apply IZR_le in N.
    destruct (Hg s i Ei) as [L _]. rewrite plus_IZR, mult_IZR. nra.
Qed.

Definition lower_accepted (C : certificate) : bool :=
  match layers_values 0 (layers C) with
  | Some (Some first) =>
      match weighted_values (numerators (rho_ G)) first with
      | Some z => (Z.shiftl (Qnum (lower C) * Zpos (denominator (rho_ G))) p <=? z * Zpos (Qden (lower C)))%Z
      | None => false
      end
  | _ => false
  end.

Theorem lower_accepted_sound C : length (layers C) = H_ G -> forallb (forallb node_formed) (layers C) = true ->
  lower_accepted C = true -> Q2R (lower C) <= J (meaning G) (policy_of G C).
Proof.
  intros Hl Hf. unfold lower_accepted.
  destruct (layers_values 0 (layers C)) as [[first|]|] eqn:E; try discriminate.
  destruct (weighted_values _ first) as [z|] eqn:Ez; [|discriminate]. intros Hz.
  apply Z.leb_le, IZR_le in Hz. rewrite shiftl_unit, !mult_IZR in Hz by assumption.
  assert (Hst : stands_for p (Some first) (worth (policy_of G C) (length (layers C)))).
  { apply (layers_values_correct (policy_of G C) (layers C) 0 (Some first)); try assumption.
    intros k l s v Hk Hv. unfold policy_of, policy_from. simpl. now rewrite (nth_error_nth _ _ _ Hk), Hv. }
  destruct (game_facts G HG) as (Hrho & _).
  pose proof (weighted_values_correct first _ _ z Hst (is_row_nonnegative (S_ G) (rho_ G) Hrho) Ez) as Hw.
  rewrite Hl in Hw.
  set (d := IZR (Zpos (denominator (rho_ G)))) in *. assert (Hd : 0 < d) by (apply IZR_lt; reflexivity).
  assert (EJ : J (meaning G) (policy_of G C) = row_mean (rho_ G) (worth (policy_of G C) (H_ G)))
    by (apply mean_mass; exact Hrho).
  assert (Em : row_mean (rho_ G) (worth (policy_of G C) (H_ G)) * d =
    rsum (fun sn => IZR (snd sn) * worth (policy_of G C) (H_ G) (fst sn)) (numerators (rho_ G))).
  { unfold row_mean. fold d. rewrite <- rsum_scale_r. apply rsum_ext. intros; field; lra. }
  rewrite EJ. rewrite <- Em in Hw. set (j := row_mean _ _) in *.
  unfold Q2R. set (m := IZR (Zpos (Qden (lower C)))) in *.
  assert (Hm : 0 < m) by (apply IZR_lt; reflexivity).
  apply Rmult_le_reg_r with (m * (d * unit p)); [apply Rmult_lt_0_compat; [|apply Rmult_lt_0_compat]; assumption|].
  replace (IZR (Qnum (lower C)) * / m * (m * (d * unit p))) with (IZR (Qnum (lower C)) * d * unit p) by (field; lra).
  eapply Rle_trans; [exact Hz|].
  replace (j * (m * (d * unit p))) with (j * d * unit p * m) by ring.
  apply Rmult_le_compat_r; lra.
Qed.
End Game.
End Precision.

(** ** The whole *)
(** [a && b] that does not compute [b] where [a] is false. *)
Notation "a 'and_then' b" := (if a then b else false) (at level 41, right associativity).

Lemma and_then_iff (a b : bool) : a and_then b = true <-> a = true /\ b = true.
Proof. destruct a, b; intuition discriminate. Qed.

(** Tables of fewer bits. *)
Definition make_rough (p : Z) (bits : list Z) : option (list rough_tables) :=
  all_some (fun q => if (0 <=? q)%Z && (q <=? p)%Z then option_map (pair q) (make_ln_tables q) else None) bits.

Lemma make_rough_sound p bits rs : make_rough p bits = Some rs -> sound_rough p rs.
Proof.
  intros H. apply all_some_Forall2 in H. unfold sound_rough. induction H as [|q r bits rs E _ IH]; constructor; [|exact IH].
  destruct (Z.leb_spec 0 q), (Z.leb_spec q p); cbn [andb] in E; try discriminate.
  destruct (make_ln_tables q) as [t|] eqn:Et; [|discriminate]. injection E as <-.
  split; [cbn [fst]; lia|now apply make_ln_tables_sound in Et].
Qed.

(** exp and ln at all the precisions of a certificate. *)
Record contexts := Contexts { roughly : list rough_tables; precisely : ln_tables; finely : context }.

Definition make_contexts (bits : list Z) (p f : Z) : option contexts :=
  match make_rough p bits, make_ln_tables p, make_context f with
  | Some rs, Some c, Some d => Some (Contexts rs c d)
  | _, _, _ => None
  end.

Definition sound_contexts (p f : Z) (k : contexts) : Prop :=
  sound_rough p (roughly k) /\ sound_tables p (precisely k) /\ sound_context f (finely k).

Lemma make_contexts_sound bits p f k : (0 <= p)%Z -> (0 <= f)%Z ->
  make_contexts bits p f = Some k -> sound_contexts p f k.
Proof.
  intros Hp Hf. unfold make_contexts. destruct (make_rough p bits) as [rs|] eqn:Er; [|discriminate].
  destruct (make_ln_tables p) as [c|] eqn:Ec; [|discriminate]. destruct (make_context f) as [d|] eqn:Ed; [|discriminate].
  intros [= <-]. split; [now apply make_rough_sound with bits|].
  split; [now apply make_ln_tables_sound in Ec|now apply make_context_sound in Ed].
Qed.

Definition accepted_with (k : contexts) (G : table) (C : certificate) : bool :=
  (0 <=? precision C)%Z and_then (0 <=? fineness C)%Z and_then is_game G and_then
  (length (layers C) =? H_ G)%nat and_then forallb (forallb (node_formed G)) (layers C) and_then
  upper_accepted (precision C) G (precisely k) (roughly k) C and_then
  lower_accepted (fineness C) (finely k) G C.

Definition accepted (G : table) (C : certificate) : bool :=
  (0 <=? precision C)%Z and_then (0 <=? fineness C)%Z and_then
  match make_contexts (roughness C) (precision C) (fineness C) with
  | Some k => accepted_with k G C
  | None => false
  end.

(** The same for many claims about games by their place in a list, all at the same precisions: whatever the
    claims say of fewer bits. *)
Definition verdicts (bits : list Z) (p f : Z) (games : list table) (claims : list (nat * certificate)) : list bool :=
  match make_contexts bits p f with
  | Some k =>
      map (fun claim : nat * certificate =>
        let C := snd claim in
        match nth_error games (fst claim) with
        | Some G => (precision C =? p)%Z and_then (fineness C =? f)%Z and_then accepted_with k G C
        | None => false
        end) claims
  | None => map (fun _ => false) claims
  end.

Theorem accepted_with_sound k G C :
  sound_contexts (precision C) (fineness C) k -> accepted_with k G C = true ->
  (forall pi, admissible (meaning G) pi -> J (meaning G) pi <= Q2R (upper C)) /\
  admissible (meaning G) (policy_of G C) /\ Q2R (lower C) <= J (meaning G) (policy_of G C).
Proof.
  intros (Er & Ec & Ed). unfold accepted_with. rewrite !and_then_iff. intros (Hp & Hq & HG & Hl & Hf & Hu & Hlo).
  apply Z.leb_le in Hp, Hq. apply Nat.eqb_eq in Hl. split; [|split].
  - now apply (upper_accepted_sound (precision C) Hp G HG (precisely k) Ec (roughly k) Er C).
  - now apply policy_of_admissible.
  - now apply (lower_accepted_sound (fineness C) Hq (finely k) Ed G HG C).
Qed.

Theorem accepted_sound G C : accepted G C = true ->
  (forall pi, admissible (meaning G) pi -> J (meaning G) pi <= Q2R (upper C)) /\
  admissible (meaning G) (policy_of G C) /\ Q2R (lower C) <= J (meaning G) (policy_of G C).
Proof.
  unfold accepted. rewrite !and_then_iff. intros (Hp & Hq & H). apply Z.leb_le in Hp, Hq.
  destruct (make_contexts _ _ _) as [k|] eqn:E; [|discriminate].
  apply make_contexts_sound in E; try assumption. now apply (accepted_with_sound k).
Qed.

(** What [verdicts] answers is what [accepted] would. *)
Theorem verdicts_correct games k G C : nth_error games k = Some G -> (0 <= precision C)%Z -> (0 <= fineness C)%Z ->
  verdicts (roughness C) (precision C) (fineness C) games [(k, C)] = [accepted G C].
Proof.
  intros HG Hp Hf. unfold verdicts, accepted. apply Z.leb_le in Hp, Hf. rewrite Hp, Hf.
  destruct (make_contexts _ _ _); cbn [map fst snd]; [|reflexivity].
  now rewrite HG, !Z.eqb_refl.
Qed.
